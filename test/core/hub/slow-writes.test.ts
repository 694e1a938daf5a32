// Bytes that are held back for a client: order, delay, speed, and the end of the fault. Virtual time.
import t from 'tap'
import { SlowWrites, type SlowPlan } from '../../../src/core/hub/slow-writes.ts'
import { seededRandom } from '../../support/random.ts'
import { SimulatedClock } from '../../support/simulation.ts'

function start(plan: SlowPlan) {
  const clock = new SimulatedClock(seededRandom(1))
  const began = clock.now()
  const slow = new SlowWrites(plan, clock)
  const written: [name: string, afterMs: number][] = []
  return {
    slow,
    written,
    write: (name: string, bytes: number) => slow.push(bytes, () => written.push([name, clock.now() - began])),
    pass: (ms: number) => clock.run(clock.now() + ms)
  }
}

t.test('each write waits, in its order', async t => {
  const { slow, written, write, pass } = start({ delayMs: 100 })
  write('one', 10)
  pass(40)
  write('two', 20)
  t.equal(slow.bytes, 30)
  pass(59)
  t.strictSame(written, [])
  pass(1)
  t.strictSame(written, [['one', 100]])
  t.equal(slow.bytes, 20)
  pass(40)
  t.strictSame(written.at(-1), ['two', 140])
  t.equal(slow.bytes, 0)
})

t.test('a slow reader gets so many bytes per second, however they come', async t => {
  const { written, write, pass } = start({ bytesPerSecond: 1000 })
  write('one', 500)
  write('two', 500)
  write('nothing', 0)
  pass(3000)
  write('after a pause', 100)
  pass(1000)
  t.strictSame(written, [
    ['one', 500],
    ['two', 1000],
    ['nothing', 1000],
    ['after a pause', 3100]
  ])
})

t.test('a delay and a slow reader together take the longer time', async t => {
  const { written, write, pass } = start({ delayMs: 200, bytesPerSecond: 1000 })
  write('small', 10)
  write('large', 1000)
  pass(2000)
  t.strictSame(written, [
    ['small', 200],
    ['large', 1010]
  ])
})

t.test('everything is written at the end of the fault', async t => {
  const { slow, written, write, pass } = start({ delayMs: 100 })
  write('one', 1)
  write('two', 1)
  slow.release()
  t.strictSame(
    written.map(([name]) => name),
    ['one', 'two']
  )
  pass(1000)
  t.equal(written.length, 2, 'once')
  t.equal(slow.bytes, 0)
})

t.test('dropped bytes are never written, and later ones wait as before', async t => {
  const { slow, written, write, pass } = start({ delayMs: 100 })
  write('for the old socket', 5)
  slow.drop()
  write('for the new one', 5)
  pass(100)
  t.strictSame(written, [['for the new one', 100]])
})
