// Proxies of a cluster among each other: presence, order, loss, silence, replays, rotation. Virtual time, a broker that
// does what the test wants; the real broker is in test/integration.
import t from 'tap'
import { MAX_QUEUED_BYTES } from '../../../src/core/cluster/constants.ts'
import { createSimulatedCluster } from '../../support/cluster.ts'

const secret = new Uint8Array(32).fill(1)
const newer = new Uint8Array(32).fill(2)
const SETTLE_MS = 3000
const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

t.test('proxies in a channel meet, others hear nothing', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b, c] = [whole.add(), whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  c.join('y', 'carol')
  whole.run(SETTLE_MS)
  t.strictSame([a.heard, b.heard, c.heard], [['x +bob'], ['x +alice'], []])
  b.join('x', 'ben')
  a.say('x', 'alice', 'hello')
  b.cluster.direct('x', { source: 'bob', target: 'alice', seq: 1, binary: false, payload: Buffer.from('1') })
  whole.run(10)
  t.strictSame(a.heard.slice(1), ['x +ben', 'x bob>alice:1'])
  t.strictSame(b.heard.slice(1), ['x alice:"hello"'])
  c.join('x', 'carol')
  whole.run(SETTLE_MS)
  t.strictSame(
    c.heard,
    ['x +alice', 'x +bob', 'x +ben'].toSorted((m, n) => c.heard.indexOf(m) - c.heard.indexOf(n))
  )
  b.leave('x', 'bob')
  b.leave('x', 'ben')
  whole.run(10)
  t.strictSame(a.heard.slice(-3), ['x +carol', 'x -bob', 'x -ben'])
  t.equal([...a.cluster.proxies()].length, 2, 'all proxies are known, also those without a common channel')
  t.strictSame(a.met.map(session => a.cluster.namesOf(session).join()).toSorted(compareText), ['', 'x'])
})

t.test('a message is published once, and a turn is one batch', async t => {
  const whole = createSimulatedCluster(secret)
  const proxies = [whole.add(), whole.add(), whole.add(), whole.add()]
  proxies.forEach((proxy, i) => proxy.join('x', `p${i}`))
  whole.run(SETTLE_MS)
  const before = whole.carried.length
  for (let i = 0; i < 10; i++) proxies[0]!.say('x', 'p0', `m${i}`)
  whole.run(5)
  t.equal(whole.carried.length, before + 1)
  for (const proxy of proxies.slice(1))
    t.strictSame(
      proxy.heard.slice(3),
      Array.from({ length: 10 }, (_, i) => `x p0:"m${i}"`)
    )
})

t.test('what the broker loses is healed by snapshot and digest', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const whole = createSimulatedCluster(secret, seed)
    const [a, b] = [whole.add(), whole.add()]
    let n = seed
    whole.lose = () => (n = (n * 1103515245 + 12345) % 2147483648) % 3 === 0
    a.join('x', 'alice')
    b.join('x', 'bob')
    for (let i = 0; i < 30; i++) {
      b.join('x', `b${i}`)
      if (i % 3 === 0) b.leave('x', `b${i}`)
      whole.run(200)
    }
    whole.lose = () => false
    whole.run(15_000)
    const there = new Set<string>()
    for (const line of a.heard) {
      const [, sign, id] = /^x ([+-])(.*)$/.exec(line)!
      t.equal(there.has(id!), sign === '-', `${line} is news`)
      if (sign === '+') there.add(id!)
      else there.delete(id!)
    }
    t.strictSame(
      there,
      new Set(['bob', ...Array.from({ length: 30 }, (_, i) => `b${i}`).filter((_, i) => i % 3 !== 0)]),
      `seed ${seed}`
    )
  }
})

t.test('a silent proxy loses its peers, and they come back with it', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  b.cut()
  whole.run(13_000)
  t.strictSame(a.heard, ['x +bob'], 'not yet')
  whole.run(14_000)
  t.strictSame(
    [a.heard, b.heard],
    [
      ['x +bob', 'x -bob'],
      ['x +alice', 'x -alice']
    ],
    'after 25 s'
  )
  b.say('x', 'bob', 'is anybody there?')
  b.join('x', 'ben')
  b.heal()
  whole.run(SETTLE_MS)
  t.strictSame(a.heard.slice(2).toSorted(compareText), ['x +ben', 'x +bob'])
  a.say('x', 'alice', 'welcome')
  whole.run(10)
  t.strictSame(b.heard.at(-1), 'x alice:"welcome"')
})

t.test('a short cut loses no peer and brings what waited, in order', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  b.cut()
  for (let i = 0; i < 5; i++) {
    b.say('x', 'bob', `m${i}`)
    whole.run(100)
  }
  b.heal()
  whole.run(100)
  t.strictSame(a.heard, ['x +bob', ...Array.from({ length: 5 }, (_, i) => `x bob:"m${i}"`)])
})

t.test('while the broker takes nothing, the oldest goes when too much waits', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  b.cut()
  for (let i = 0; i < 40; i++) {
    b.say('x', 'bob', Buffer.alloc(1024 * 1024, i))
    whole.run(10)
    t.ok(b.cluster.publisher.queuedBytes <= MAX_QUEUED_BYTES)
  }
  t.ok(b.cluster.publisher.dropped >= 25, 'it is counted')
  b.heal()
  whole.run(100)
  const arrived = a.heard.filter(line => line.endsWith('bytes')).length
  t.ok(arrived >= 14 && arrived <= 17, 'the newest arrive')
  t.strictSame(
    a.heard.filter(line => line.includes(' +') || line.includes(' -')),
    ['x +bob', 'x -bob', 'x +bob'],
    'their listeners are told that some are missing'
  )
  t.strictSame(b.heard, ['x +alice', 'x -alice', 'x +alice'], 'and so is the sender')
})

t.test('what the broker has not confirmed is sent again on the next connection, once and in order', async t => {
  for (const heardOfLost of [false, true]) {
    const whole = createSimulatedCluster(secret)
    const [a, b] = [whole.add(), whole.add({ maxPayload: 2000 })]
    a.join('x', 'alice')
    b.join('x', 'bob')
    whole.run(SETTLE_MS)
    b.say('x', 'bob', 'm0')
    if (heardOfLost) b.confirm = false
    whole.run(heardOfLost ? 100 : SETTLE_MS)
    b.stall()
    for (let i = 1; i < 5; i++) {
      b.say('x', 'bob', i === 3 ? Buffer.alloc(5000) : `m${i}`)
      whole.run(100)
    }
    t.ok(b.cluster.publisher.queuedBytes > 5000, 'it is kept')
    b.confirm = true
    b.heal()
    whole.run(SETTLE_MS)
    t.strictSame(a.heard, ['x +bob', 'x bob:"m0"', 'x bob:"m1"', 'x bob:"m2"', 'x bob:5000 bytes', 'x bob:"m4"'])
    t.strictSame(b.heard, ['x +alice'])
    t.equal(b.cluster.publisher.queuedBytes, 0)
  }
})

t.test('both sides are told when the broker has lost a message, also the last one', async t => {
  for (const isLast of [false, true]) {
    const whole = createSimulatedCluster(secret)
    const [a, b, c] = [whole.add(), whole.add(), whole.add()]
    a.join('x', 'alice')
    b.join('x', 'bob')
    c.join('x', 'carol')
    whole.run(SETTLE_MS)
    const [before, beforeC] = [b.heard.length, c.heard.length]
    whole.loseAt = [a]
    b.say('x', 'bob', 'lost')
    whole.run(10)
    whole.loseAt = []
    if (!isLast) b.say('x', 'bob', 'heard')
    whole.run(isLast ? 12_000 : 10)
    t.strictSame(a.heard.slice(2), ['x -bob', 'x +bob', ...(isLast ? [] : ['x bob:"heard"'])])
    t.strictSame(b.heard.slice(before), ['x -alice', 'x +alice'])
    t.strictSame(
      c.heard.slice(beforeC),
      ['x bob:"lost"', ...(isLast ? [] : ['x bob:"heard"'])],
      'others are not concerned'
    )
    t.equal(a.cluster.counts.missing, 1)
  }
})

t.test('a channel that is opened again has no missing batches', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  for (let i = 0; i < 3; i++) {
    b.join('x', `bob${i}`)
    whole.run(SETTLE_MS)
    b.say('x', `bob${i}`, 'hello')
    whole.run(SETTLE_MS)
    b.leave('x', `bob${i}`)
    whole.run(i * 1000)
  }
  t.strictSame(
    a.heard,
    [0, 1, 2].flatMap(i => [`x +bob${i}`, `x bob${i}:"hello"`, `x -bob${i}`])
  )
  t.equal(a.cluster.counts.missing, 0)
})

t.test('a check is answered when the others have taken everything before it', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b, c] = [whole.add(), whole.add(), whole.add()]
  t.equal(b.cluster.check('x'), undefined)
  a.join('x', 'alice')
  b.join('x', 'bob')
  c.join('y', 'carol')
  whole.run(SETTLE_MS)
  b.say('x', 'bob', 'first')
  const { check } = b.cluster.check('x')!
  t.equal(check.asked.length, 1)
  t.equal(check.stateOf(check.asked[0]!), 'waits')
  whole.run(10)
  t.equal(check.stateOf(check.asked[0]!), 'answered')

  a.cut()
  const second = b.cluster.check('x')!
  whole.run(30_000)
  t.equal(second.check.stateOf(second.check.asked[0]!), 'lost', 'a proxy that is silent for too long')

  a.heal()
  whole.run(SETTLE_MS)
  a.cut()
  const third = b.cluster.check('x')!
  whole.run(100)
  third.end()
  a.heal()
  a.leave('x', 'alice')
  whole.run(100)
  t.equal(third.check.stateOf(third.check.asked[0]!), 'waits', 'a check that has ended is forgotten')
})

t.test('a proxy that lives and does not answer a check is given up', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  a.say('x', 'alice', 'hello')
  whole.run(10)
  // An older proxy speaks in the channel, and its inbox gets no answer to a question that it does not know.
  const { from, subject: channel } = whole.carried.at(-1)!
  whole.lose = message => message.from === from && message.subject !== channel
  const { check } = b.cluster.check('x')!
  whole.run(20_000)
  t.equal(check.stateOf(check.asked[0]!), 'waits')
  whole.run(8000)
  t.equal(check.stateOf(check.asked[0]!), 'lost')
  t.notOk(b.heard.includes('x -alice'), 'it is still in the channel')
})

t.test('messages larger than the broker takes are split', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add({ maxPayload: 1000 }), whole.add({ maxPayload: 1000 })]
  a.join('x', 'alice')
  for (let i = 0; i < 100; i++) b.join('x', `peer-with-a-long-name-${i}`)
  whole.run(20_000)
  t.equal(a.heard.length, 100, 'snapshots too')
  b.say('x', 'peer-with-a-long-name-7', Buffer.alloc(100_000, 1))
  b.say('x', 'peer-with-a-long-name-7', 'after it')
  whole.run(10)
  t.strictSame(a.heard.slice(100), ['x peer-with-a-long-name-7:100000 bytes', 'x peer-with-a-long-name-7:"after it"'])
})

t.test('nothing that was said before is said again', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  b.say('x', 'bob', 'once')
  whole.run(SETTLE_MS)
  const before = [...a.heard]
  const story = [...whole.carried]
  for (const { subject, bytes } of story) whole.inject(subject, bytes)
  whole.run(100)
  t.strictSame(a.heard, before, 'to one who heard it')
  b.leave('x', 'bob')
  b.cluster.close()
  whole.run(SETTLE_MS)
  const c = whole.add()
  c.join('x', 'carol')
  whole.run(SETTLE_MS)
  for (let round = 0; round < 3; round++) {
    for (const { subject, bytes } of story) whole.inject(subject, bytes)
    whole.run(SETTLE_MS)
  }
  t.notOk(
    c.heard.some(line => line.includes('bob')),
    'nor to one who was not there'
  )
  t.notOk([...c.cluster.proxies()].length > 1, 'and nobody comes alive')
  t.ok(c.cluster.counts.replayed > 0)
  const chat = story.find(({ bytes, subject }) => bytes.length > 0 && story.some(other => other.subject !== subject))!
  const rejected = c.cluster.counts.rejected
  for (const { subject } of story) if (subject !== chat.subject) whole.inject(subject, chat.bytes)
  t.ok(c.cluster.counts.rejected > rejected, 'nor on another subject')
})

t.test('another secret, another epoch', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, stranger] = [whole.add(), whole.add({ secrets: [newer] })]
  a.join('x', 'alice')
  stranger.join('x', 'mallory')
  whole.run(SETTLE_MS)
  t.strictSame([a.heard, stranger.heard], [[], []])
  const late = whole.add({ timeOffset: 20 * 3_600_000 })
  late.join('x', 'late')
  whole.run(SETTLE_MS)
  t.strictSame(a.heard, ['x +late'], 'a clock that is wrong by hours does no harm')
  const wrong = whole.add({ timeOffset: -50 * 3_600_000 })
  wrong.join('x', 'wrong')
  whole.run(SETTLE_MS)
  t.strictSame(a.heard, ['x +late'], 'one that is wrong by days does')
  t.ok(a.cluster.counts.rejected > 0)
})

t.test('the secret is replaced one proxy at a time, and nobody loses anybody', async t => {
  const steps = [[secret], [secret, newer], [newer, secret], [newer]]
  for (let step = 1; step < steps.length; step++) {
    const whole = createSimulatedCluster(secret)
    const [before, after] = [whole.add({ secrets: steps[step - 1]! }), whole.add({ secrets: steps[step]! })]
    before.join('x', 'old')
    after.join('x', 'new')
    whole.run(SETTLE_MS)
    before.say('x', 'old', 'to new')
    after.say('x', 'new', 'to old')
    whole.run(10)
    t.strictSame(
      [before.heard, after.heard],
      [
        ['x +new', 'x new:"to old"'],
        ['x +old', 'x old:"to new"']
      ],
      `step ${step}`
    )
  }
})

t.test('a proxy that ends says so', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  b.cluster.close()
  whole.run(10)
  t.strictSame(a.heard, ['x +bob', 'x -bob'])
  t.strictSame([...a.cluster.proxies()], [])
})

t.test('payloads that are no JSON text are not delivered', async t => {
  const whole = createSimulatedCluster(secret)
  const [a, b] = [whole.add(), whole.add()]
  a.join('x', 'alice')
  b.join('x', 'bob')
  whole.run(SETTLE_MS)
  for (const text of ['', '{', '1 2', '"\n"', '\u0001'])
    b.cluster.broadcast('x', { source: 'bob', seq: 1, binary: false, payload: Buffer.from(text) })
  b.cluster.broadcast('x', { source: 'nobody', seq: 1, binary: false, payload: Buffer.from('1') })
  whole.run(100)
  t.strictSame(a.heard, ['x +bob'])
  t.equal(a.cluster.counts.dropped, 6)
})
