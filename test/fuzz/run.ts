// `npm run fuzz`: every decoder and endpoint in turn, with other bytes each time, until the time is over. Ends with 1 at the
// first failure and says how to repeat it.   FUZZ_SECONDS=600
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { targets } from './decoders.ts'
import { fuzzEndpoints } from './endpoints.ts'

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 600)
const end = Date.now() + seconds * 1000
const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Mistakes of its own that the proxy logged. */
const mistakes: string[] = []
const proxy = spawn(process.execPath, ['test/support/programs/proxy.mjs', '{"linkTimings":{"handshakeMs":500}}'], {
  env: {
    ...process.env,
    NWS_PORT: '0',
    NWS_DISCOVERY: 'off',
    NWS_MESH_HOST: '127.0.0.1',
    NWS_LEGACY_PAIR_TIMEOUT_MS: '500'
  },
  stdio: ['ignore', 'pipe', 'inherit']
})
const local = await new Promise<number>(resolve =>
  createInterface({ input: proxy.stdout }).on('line', line => {
    const port = /is running: http:\/\/[^:]+:(\d+)/.exec(line)?.[1]
    if (port !== undefined) resolve(Number(port))
    if (/"level":[56]0/.test(line)) mistakes.push(line)
  })
)
const { mesh } = (await (await fetch(`http://localhost:${local}/api/health`)).json()) as { mesh: { port: number } }
const talker = new WebSocket(`ws://localhost:${local}/room`)
await once(talker, 'open')
const alive = async (): Promise<boolean> => {
  const answered = new Promise<void>(resolve => {
    const look = (message: Buffer): void => {
      if (!message.toString().startsWith('{"action":"status"')) return
      talker.off('message', look)
      resolve()
    }
    talker.on('message', look)
  })
  talker.send('{"action":"status"}')
  await answered
  return mistakes.length === 0
}

let runs = 0
let failure: string | undefined
for (let seed = Date.now() % 2 ** 31; failure === undefined && Date.now() < end; seed++) {
  for (const { name, property } of targets) {
    const { failed, counterexample, errorInstance, numRuns } = fc.check(property, { numRuns: 5000, seed })
    runs += numRuns
    if (failed)
      failure ??= `${name}: FUZZ_SEED=${seed} ${fc.stringify(counterexample)} ${errorInstance instanceof Error ? (errorInstance.stack ?? '') : ''}`
  }
  const rounds = 100
  failure ??= await fuzzEndpoints({ local, mesh: mesh.port }, rounds, seed, alive)
  runs += rounds * 8
  print(`${runs} inputs, ${Math.max(0, Math.round((end - Date.now()) / 1000))} s to go`)
}
talker.terminate()
proxy.kill('SIGTERM')
await once(proxy, 'exit')
for (const line of mistakes) print(`MISTAKE ${line}`)
print(failure ?? `${runs} inputs, nothing broke`)
process.exit(failure === undefined && mistakes.length === 0 ? 0 : 1)
