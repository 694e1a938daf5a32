// A few thousand changed inputs for every decoder, the same at each run unless FUZZ_SEED is set. `npm run fuzz` goes on for longer,
// with others.
import fc from 'fast-check'
import t from 'tap'
import { targets } from './decoders.ts'

const RUNS = 1500
const seed = Number(process.env['FUZZ_SEED'] ?? 20_241_014)

for (const { name, property } of targets) {
  t.test(`${name}: a value or a reason, whatever the bytes`, async t => {
    const { failed, counterexample, errorInstance, numRuns } = fc.check(property, { numRuns: RUNS, seed })
    t.notOk(
      failed,
      `FUZZ_SEED=${seed} counterexample ${fc.stringify(counterexample)} ${errorInstance instanceof Error ? (errorInstance.stack ?? '') : ''}`
    )
    t.ok(failed || numRuns === RUNS)
  })
}
