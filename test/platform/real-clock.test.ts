// Real time for the protocols of core.
import t from 'tap'
import { createRealClock } from '../../src/platform/real-clock.ts'

t.test('an error in a callback is reported and ends nothing', async t => {
  const errors: unknown[] = []
  await new Promise<void>(resolve => {
    const clock = createRealClock(error => {
      errors.push(error)
      if (errors.length === 3) resolve()
    })
    const fail = () => {
      throw new Error('a mistake')
    }
    clock.guarded(fail)()
    clock.soon(fail)
    clock.after(1, fail)
    // The clock keeps no process alive.
    const alive = setInterval(() => {}, 1000)
    t.teardown(() => clearInterval(alive))
  })
  t.equal(errors.length, 3)
})

t.test('a cancelled call does not come', async t => {
  const clock = createRealClock(() => {})
  const called: string[] = []
  const cancel = clock.after(1, () => called.push('cancelled'))
  cancel()
  cancel()
  await new Promise<void>(resolve => {
    clock.after(20, () => {
      called.push('later')
      resolve()
    })
    const alive = setInterval(() => {}, 1000)
    t.teardown(() => clearInterval(alive))
  })
  t.strictSame(called, ['later'])
})
