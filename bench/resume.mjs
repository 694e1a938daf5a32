// The cost of clients that can come back: case A of bench/fanout.mjs, 100 receivers in one channel, without and with
// `?resume`, in turn. CPU of the server process per delivered message.
//
//   node --import ./tools/typescript.mjs bench/resume.mjs      after npm run build
import { measure, start } from './servers.mjs'
import { median } from './support.mjs'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7)
const CASE = { connections: 101, senders: 1, window: 16, bytes: 100, warmUpMs: 500, measureMs: 1500 }
const DIALECTS = ['nws binary', 'nws resumable']

const server = await start('nws')
try {
  const ratios = []
  for (let round = 0; round < ROUNDS; round++) {
    // The first one of a round has a colder cache, so the order changes.
    const order = round % 2 === 0 ? DIALECTS : DIALECTS.toReversed()
    const found = {}
    for (const dialect of order) found[dialect] = await measure(server, { ...CASE, targets: [dialect] })
    const [plain, resumable] = DIALECTS.map(dialect => found[dialect].microseconds)
    ratios.push(resumable / plain)
    console.log(`round ${round + 1}: ${plain.toFixed(3)} µs, with a way back ${resumable.toFixed(3)} µs`)
  }
  console.log(`median ratio ${median(ratios).toFixed(3)}`)
} finally {
  server.child.kill('SIGKILL')
}
