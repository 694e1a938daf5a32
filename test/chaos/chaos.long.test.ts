// Five proxies in a bad network for a minute and a half; `npm run chaos` goes on for longer.
import t from 'tap'
import { needs } from '../support/needs.ts'
import { runChaos } from './chaos.ts'

/** Shorter than the protocol's, so that a cut of some seconds ends links. */
const mesh = {
  linkTimings: { pingMs: 1500, deadMs: 5000, probeMs: 3000, lingerMs: 5000 },
  dialTimings: { backOffMs: 500, largerMs: 1500 }
}

t.test(
  'membership heals and the promise of delivery holds',
  { ...needs('namespaces', 'python3'), timeout: 280_000 },
  async t => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
    const report = await runChaos(t, {
      hosts: 5,
      seconds: 90,
      seed,
      mesh,
      healMs: 120_000,
      log: line => t.comment(line)
    })
    t.comment(JSON.stringify(report))
    t.strictSame(report.wrong, [], `nobody heard anything wrong (seed ${seed})`)
    t.ok(Object.values(report.faults).reduce((sum, count) => sum + count, 0) > 40, 'a lot happened')
    t.ok(report.stayed > 0, 'hosts with mild faults only never lost each other')
    t.ok(
      report.promised > 100 && report.missing === 0,
      `of ${report.promised} numbers between those who stayed connected none is missing`
    )
    t.ok(report.heard > 1000, `${report.heard} numbers were checked at the end`)
  }
)
