// What one socket may send, with the clock in hand.
import t from 'tap'
import { RateLimit } from '../../../src/plugins/channel-sockets/rate-limit.ts'

const settings = { maxMessagesPerSecond: 100, maxBytesPerSecond: 10_000, maxMessageBytes: 1000 }

t.test('a second of burst, then the rate', async t => {
  const limit = new RateLimit(settings, 0)
  for (let i = 0; i < 100; i++) t.equal(limit.take(1, 0), 'accept')
  t.equal(limit.take(1, 0), 'refuse aloud')
  t.equal(limit.take(1, 10), 'accept')
  t.equal(limit.take(1, 10), 'refuse')
})

t.test('bytes count as well, and a refused message costs nothing', async t => {
  const limit = new RateLimit(settings, 0)
  for (let i = 0; i < 10; i++) t.equal(limit.take(1000, 0), 'accept')
  t.equal(limit.take(1, 0), 'refuse aloud')
  t.equal(limit.take(1000, 100), 'accept')
})

t.test('a message of the largest size is always possible', async t => {
  const limit = new RateLimit({ ...settings, maxBytesPerSecond: 10 }, 0)
  t.equal(limit.take(1000, 0), 'accept')
})

t.test('it is said once a second', async t => {
  const limit = new RateLimit(settings, 0)
  const said: number[] = []
  for (let now = 0; now < 5000; now++) {
    for (let i = 0; i < 5; i++) if (limit.take(1, now) === 'refuse aloud') said.push(now)
  }
  t.equal(said.length, 5)
  t.ok(said.every((now, index) => index === 0 || now - said[index - 1]! >= 1000))
})

t.test('ten seconds of it end the socket, a pause begins anew', async t => {
  const limit = new RateLimit(settings, 0)
  const overload = (from: number, to: number) => {
    for (let now = from; now < to; now += 10) for (let i = 0; i < 5; i++) if (limit.take(1, now) === 'end') return now
    return undefined
  }
  t.equal(overload(0, 9000), undefined)
  t.equal(overload(12_000, 21_000), undefined, 'after a calm second the patience is whole again')
  const started = 30_000
  const ended = overload(started, 60_000)
  t.ok(
    ended !== undefined && ended - started >= 10_000 && ended - started < 11_500,
    `ended after ${(ended ?? 0) - started} ms`
  )
})
