// The cost of clients that can come back: case A of fanout.mjs, 100 receivers in one channel, without and with `?resume`, in
// turn. CPU of the server process per delivered message. For guests.ts.
import { measure, start } from './servers.mjs'

const CASE = { connections: 101, senders: 1, window: 16, bytes: 100, warmUpMs: 500, measureMs: 1500 }
const DIALECTS = ['nws binary', 'nws resumable']

/** Resolves when the channel is gone: clients that can come back stay members for a time. */
async function emptied(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/channels/bench`)
  await answer.arrayBuffer()
  if (answer.status === 404) return
  await new Promise(resolve => setTimeout(resolve, 100))
  await emptied(port)
}

/**
 * Measures.
 *
 * @param {number} rounds
 * @returns {Promise<number[]>} for each round, the cost with a way back beside the cost without one
 */
export async function measureResume(rounds) {
  const server = await start('nws')
  try {
    const ratios = []
    for (let round = 0; round < rounds; round++) {
      // The first one of a round has a colder cache, so the order changes.
      const order = round % 2 === 0 ? DIALECTS : DIALECTS.toReversed()
      const found = {}
      for (const dialect of order) {
        found[dialect] = await measure(server, { ...CASE, targets: [dialect] })
        await emptied(server.port)
      }
      const [plain, resumable] = DIALECTS.map(dialect => found[dialect].microseconds)
      ratios.push(resumable / plain)
    }
    return ratios
  } finally {
    server.child.kill('SIGKILL')
  }
}
