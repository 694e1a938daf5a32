// A few thousand changed inputs for every decoder, other ones at each run. `npm run fuzz` goes on for longer.
import fc from 'fast-check'
import t from 'tap'
import { targets } from './decoders.ts'

const RUNS = 1500
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

for (const { name, property } of targets) {
  t.test(`${name}: a value or a reason, whatever the bytes`, async t => {
    const { failed, counterexample, errorInstance, numRuns } = fc.check(property, { numRuns: RUNS, seed })
    t.notOk(failed, `FUZZ_SEED=${seed} counterexample ${fc.stringify(counterexample)} ${errorInstance instanceof Error ? errorInstance.stack ?? '' : ''}`)
    t.ok(failed || numRuns === RUNS)
  })
}
