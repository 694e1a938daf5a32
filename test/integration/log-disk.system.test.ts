// A log that cannot be written, of a real process, on a full disk or a terminal that is stopped: the proxy answers all the same,
// and ends in time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { leashed } from '../support/leash.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

t.test(
  'a proxy whose log cannot be written goes on, and ends after a signal',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async t => {
    const port = await freePort()
    const full = openSync('/dev/full', 'w')
    const child = spawn(...leashed(process.execPath, [SERVER]), {
      env: { PATH: process.env['PATH'], NWS_PORT: String(port), NWS_MESH_PORT: '0', NWS_DISCOVERY: 'off' },
      stdio: ['ignore', full, full]
    })
    closeSync(full)
    const ended = once(child, 'exit')
    t.teardown(() => child.kill('SIGKILL'))
    let health: Response | undefined
    while (health === undefined && child.exitCode === null)
      health = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => undefined)
    t.equal(health?.status, 200)
    await health?.arrayBuffer()
    const metrics = await (await fetch(`http://127.0.0.1:${port}/api/metrics`)).text()
    t.ok(
      Number(/^nws_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1]) > 0,
      'the lines that are missing are counted'
    )
    child.kill('SIGTERM')
    t.same(await ended, [0, null])
  }
)

t.test('a terminal that is stopped does not stop the proxy', { ...needs('script'), timeout: 110_000 }, async t => {
  const folder = t.testdir({})
  const program = `
    import { writeFileSync } from 'node:fs'
    import { LogStream } from '${new URL('../../src/log-stream.ts', import.meta.url).href}'
    const log = new LogStream(process.stdout, {})
    const line = JSON.stringify({ level: 30, time: 0, msg: 'x'.repeat(1000) }) + '\\n'
    while (log.dropped === 0) log.write(line)
    writeFileSync('${folder}/dropped', 'yes')
    process.exit()`
  writeFileSync(join(folder, 'program.ts'), program)
  // Nobody reads what `script` writes, so it soon does not read the terminal of the program, as after Ctrl-S.
  const loader = fileURLToPath(new URL('../../tools/typescript.mjs', import.meta.url))
  const command = [process.execPath, '--import', loader, join(folder, 'program.ts')].map(word => `'${word}'`).join(' ')
  const child = spawn(...leashed('script', ['-qefc', command, '/dev/null']), { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  while (!existsSync(join(folder, 'dropped')) && child.exitCode === null) await setImmediate()
  t.ok(existsSync(join(folder, 'dropped')), 'lines are dropped')
})
