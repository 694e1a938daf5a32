// How fast passwords can be tried, with the clock in hand.
import t from 'tap'
import { Attempts } from '../../../src/core/bonevalue/attempts.ts'

t.test('five tries of a name, then one every ten seconds', async t => {
  const attempts = new Attempts()
  for (let n = 0; n < 5; n++) t.equal(attempts.begin('ann', `address ${n}`, 0), 0)
  t.equal(attempts.begin('ann', 'another', 0), 10_000)
  t.equal(attempts.begin('ann', 'another', 9000), 1000)
  t.equal(attempts.begin('ann', 'another', 10_000), 0)
  t.equal(attempts.begin('bob', 'another', 10_000), 0)
  let tried = 0
  for (let now = 10_000; now < 86_410_000; now += 1000) if (attempts.begin('ann', `address ${now}`, now) === 0) tried++
  t.equal(tried, 8639, 'in the day after, from however many addresses')
})

t.test('twenty tries from an address, then one a second', async t => {
  const attempts = new Attempts()
  for (let n = 0; n < 20; n++) t.equal(attempts.begin(`name ${n}`, 'here', 0), 0)
  t.equal(attempts.begin('name', 'here', 0), 1000)
  t.equal(attempts.begin('name', 'there', 0), 0)
  t.equal(attempts.begin('name', 'here', 1000), 0)
})

t.test('a right password does not count, a refused try neither', async t => {
  const attempts = new Attempts()
  for (let n = 0; n < 100; n++) {
    t.equal(attempts.begin('ann', 'here', 0), 0)
    attempts.end('ann', 'here', false, 0)
  }
  for (let n = 0; n < 5; n++) attempts.begin('ann', 'here', 0)
  for (let n = 0; n < 100; n++) t.ok(attempts.begin('ann', 'here', 0) > 0)
  t.equal(attempts.begin('ann', 'here', 10_000), 0)
})

t.test('what is remembered has an end, and what was used last stays', async t => {
  const attempts = new Attempts()
  for (let n = 0; n < 5; n++) attempts.begin('ann', 'here', 0)
  for (let n = 0; n < 9999; n++) attempts.begin(`name ${n}`, `address ${n}`, 0)
  t.ok(attempts.begin('ann', 'there', 0) > 0)
  attempts.begin('name', 'address', 0)
  t.equal(attempts.begin('ann', 'there', 0), 0, 'forgotten')
})

t.test('an attempt waits for those under way, which may be right', async t => {
  const attempts = new Attempts()
  for (let n = 0; n < 5; n++) t.equal(attempts.begin('ann', 'here', 0), 0)
  t.ok(attempts.begin('ann', 'here', 0) > 0)
  const right = attempts.mayClear('ann', 'here', 0)
  t.ok(right)
  attempts.end('ann', 'here', false, 0)
  await right
  t.equal(attempts.begin('ann', 'here', 0), 0, 'the right one made room')
  for (let n = 0; n < 5; n++) attempts.end('ann', 'here', true, 0)
  t.ok(attempts.begin('ann', 'here', 0) > 0, 'wrong ones make none')
  t.equal(attempts.mayClear('ann', 'here', 0), undefined, 'and with none under way only time helps')
})
