// What one socket may send, with the clock in hand.
import t from 'tap'
import { RateLimit } from '../../../src/plugins/channel-sockets/rate-limit.ts'

/** A limit, and its report: first and last number of refused messages. */
function createLimit(settings: ConstructorParameters<typeof RateLimit>[0]) {
  const told: [number, number][] = []
  const limit = new RateLimit(settings, 0, (first, last) => told.push([first, last]))
  let number = 0
  return { told, take: (bytes: number, now: number) => limit.take(bytes, now, ++number) }
}

const settings = { maxMessagesPerSecond: 100, maxBytesPerSecond: 10_000, maxMessageBytes: 1000 }

t.test('a second of burst, then the rate', async t => {
  const limit = createLimit(settings)
  for (let i = 0; i < 100; i++) t.equal(limit.take(1, 0), 'accept')
  t.equal(limit.take(1, 0), 'refuse')
  t.equal(limit.take(1, 10), 'accept')
  t.equal(limit.take(1, 10), 'refuse')
})

t.test('bytes count as well, and a refused message costs nothing', async t => {
  const limit = createLimit(settings)
  for (let i = 0; i < 10; i++) t.equal(limit.take(1000, 0), 'accept')
  t.equal(limit.take(1, 0), 'refuse')
  t.equal(limit.take(1000, 100), 'accept')
})

t.test('a message of the largest size is always possible', async t => {
  const limit = createLimit({ ...settings, maxBytesPerSecond: 10 })
  t.equal(limit.take(1000, 0), 'accept')
})

t.test('every refused message is told by its number, once a second', async t => {
  const { take, told } = createLimit({ ...settings, maxMessagesPerSecond: 1 })
  const refused: number[] = []
  let number = 0
  let notices = 0
  for (let now = 0; now < 5000; now += 10) {
    const before = told.length
    for (let i = 0; i < 5; i++) {
      number++
      if (take(1, now) === 'refuse') refused.push(number)
    }
    if (told.length > before) notices++
  }
  t.ok(notices <= 11, `${notices} times in five seconds`)
  take(1, 20_000)
  t.strictSame(
    told.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
    refused
  )
})

t.test('ten seconds of it end the socket, a pause begins anew', async t => {
  const limit = createLimit(settings)
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
