// The benchmark runs and measures: a smoke run. No figure is held here, only that there are some.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test(
  'a smoke run of the benchmark measures every case',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async t => {
    const child = spawn(process.execPath, ['bench/fanout.mjs', '--smoke'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    const [code] = (await once(child, 'close')) as [number]
    t.equal(code, 0)
    for (const benchCase of ['A', 'B', 'C', 'D', 'E']) {
      for (const server of ['nws', 'ws']) {
        const [, microseconds, perSecond] =
          new RegExp(`^round 1 ${benchCase} ${server} +([\\d.]+) µs +(\\d+) /s`, 'm').exec(output) ?? []
        t.ok(
          Number(microseconds) > 0 && Number(perSecond) > 0,
          `${benchCase} ${server}: ${microseconds} µs, ${perSecond} /s`
        )
      }
    }
    t.match(output, /^join of 50: \d+ ms$/m)
  }
)
