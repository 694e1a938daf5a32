// The budgets of docs/protocol/link.md §6 as numbers: what a name costs whom, who is served when the CPU bucket is empty, who loses
// his place, how many connections are taken.
import t from 'tap'
import { ConnectionRate } from '../../../src/core/link/budget/connection-rate.ts'
import { addressKey } from '../../../src/core/address-key.ts'
import { budgets, timings } from '../../../src/core/link/constants.ts'
import { CpuBudget, type CpuReservation } from '../../../src/core/link/budget/cpu-budget.ts'
import { GuessBudget } from '../../../src/core/link/budget/guess-budget.ts'
import { LinkSlots } from '../../../src/core/link/budget/link-slots.ts'
import { SimulatedClock } from '../../support/simulation.ts'
import { seededRandom } from '../../support/random.ts'

const STRONG = 'abcdefghijklmnopqrstuvwxyz234567'

function guesses() {
  const clock = new SimulatedClock(seededRandom(1))
  return {
    clock,
    budget: new GuessBudget(budgets, clock, name => name.toLowerCase()),
    wait: (ms: number) => clock.run(clock.now() + ms)
  }
}

t.test('a name can be guessed 8192 times in a burst and 8 times a second, in both roles together', async t => {
  const { budget, wait } = guesses()
  let tested = 0
  const guess = () => {
    // As I against 8 slots of R, then as R, for as long as it goes.
    if (budget.reserve('webchat')) {
      budget.settle(['webchat'], 8 + 1)
      tested += 8
    }
    if (budget.payAnswer('webchat', 512)) tested += 512
  }
  for (let remote = 0; remote < 1000; remote++) for (let i = 0; i < 3; i++) guess()
  t.ok(tested <= 8192 && tested > 7500, `${tested} in a burst`)
  for (let second = 0; second < 600; second++) {
    wait(1000)
    for (let i = 0; i < 50; i++) guess()
  }
  t.ok(tested <= 8192 + 600 * 8, `${tested} within ten minutes`)
})

t.test('closing and opening a channel does not fill its bucket, forgotten names aside', async t => {
  const { budget } = guesses()
  while (budget.payAnswer('webchat', 8)) {
    /* until it is empty */
  }
  for (let i = 0; i < 4095; i++) budget.payAnswer(`name ${i}`, 8)
  t.notOk(budget.payAnswer('webchat', 8), '4096 names are remembered')
  for (let i = 0; i < 4096; i++) budget.payAnswer(`other ${i}`, 8)
  t.ok(budget.payAnswer('webchat', 8), 'not more')
})

t.test('a strong name costs nothing', async t => {
  const { budget } = guesses()
  for (let i = 0; i < 100; i++)
    t.ok(budget.reserve(STRONG) && budget.canAnswer(STRONG, 512) && budget.payAnswer(STRONG, 512))
  t.equal(budget.outlook(STRONG), 'ready')
  t.equal(budget.refusals, 0)
})

t.test(
  'a round waits for reservations that would make up the difference, and sits out where they would not',
  async t => {
    const { budget } = guesses()
    for (let i = 0; i < 15; i++) t.ok(budget.reserve('x'))
    t.equal(budget.outlook('x'), 'later', '8192 − 15 · 513 is less than 513')
    t.notOk(budget.reserve('x'))
    t.equal(budget.refusals, 1)
    let called = 0
    budget.afterSettlement(() => called++)
    const cancel = budget.afterSettlement(() => called++)
    cancel()
    budget.settle(['x'], 9)
    t.equal(called, 1)
    t.equal(budget.outlook('x'), 'ready')
    for (let i = 0; i < 14; i++) budget.settle(['x'], 513)
    while (budget.payAnswer('x', 8)) {
      /* until it is empty */
    }
    t.equal(budget.outlook('x'), 'short')
  }
)

function cpu(options: Partial<typeof budgets> = {}) {
  const clock = new SimulatedClock(seededRandom(1))
  const budget = new CpuBudget({ ...budgets, ...options }, timings, clock)
  const served: string[] = []
  const client = (address: string, proven = false) => ({ address, proven })
  return {
    clock,
    budget,
    served,
    wait: (ms: number) => clock.run(clock.now() + ms),
    charge: (address: string, count: number, proven = false, label = address) =>
      budget.charge(
        client(address, proven),
        count,
        () => served.push(label),
        () => served.push(`${label} refused`)
      ),
    reserve: (address: string, proven = false, taken: (reservation: CpuReservation) => void = () => {}) =>
      budget.reserve(client(address, proven), reservation => {
        served.push(`${address} reserved`)
        taken(reservation)
      })
  }
}

t.test('the CPU bucket: 8192 at once, 400 a second, then waiting and refusal', async t => {
  const { budget, charge, served, wait } = cpu()
  for (let i = 0; i < 16; i++) charge('a', 512)
  t.equal(served.length, 16)
  t.equal(Math.round(budget.level), 0)
  charge('a', 512)
  charge('a', 400)
  wait(990)
  t.equal(served.length, 16)
  wait(20)
  t.equal(served.length, 17, 'the smaller one after 1 s')
  wait(1260)
  t.equal(served.length, 17)
  wait(20)
  t.equal(served.length, 18, 'the larger one 1.28 s later')
  for (let i = 0; i < 40; i++) charge('a', 512, false, 'late')
  wait(29_000)
  t.notOk(served.includes('late refused'))
  wait(1100)
  const late = served.filter(label => label === 'late').length
  t.ok(late >= 22 && late <= 24, `${late} of 40 were served within 30 s`)
  t.equal(served.filter(label => label === 'late refused').length, 40 - late)
})

t.test('a proven link may overdraw the bucket to −1024 after its wait', async t => {
  const { budget, charge, served, wait } = cpu({ cpuPerSecond: 1e-9, cpuBurst: 100 })
  for (const label of ['first', 'second', 'third']) charge('a', 512, true, label)
  charge('a', 512, false, 'unproven')
  wait(29_900)
  t.strictSame(served, [])
  wait(200)
  t.strictSame(served.toSorted(), ['first', 'second', 'third refused', 'unproven refused'])
  t.ok(budget.level < -900 && budget.level >= -1024)
})

t.test('proven links first, then round-robin by address', async t => {
  const { charge, served, wait } = cpu({ cpuBurst: 512, cpuPerSecond: 400 })
  charge('start', 512)
  for (let i = 0; i < 3; i++) charge('many', 128, false, `many ${i}`)
  charge('one', 128)
  charge('two', 128)
  charge('proven', 128, true)
  wait(2000)
  t.strictSame(served, ['start', 'proven', 'many 0', 'one', 'two', 'many 1', 'many 2'])
})

t.test('one address has a quarter of burst and rate while another waits', async t => {
  const { charge, served, wait, reserve } = cpu()
  reserve('x') // an unproven reservation; the second of the same address waits and so contests
  reserve('x')
  for (let i = 0; i < 16; i++) charge('greedy', 512)
  t.equal(served.filter(label => label === 'greedy').length, 4, 'a quarter of the burst')
  wait(5200)
  t.equal(served.filter(label => label === 'greedy').length, 5, 'a quarter of the rate')

  const alone = cpu()
  for (let i = 0; i < 16; i++) alone.charge('greedy', 512)
  t.equal(alone.served.length, 16, 'everything, when nobody waits')
})

t.test('unproven links hold four reservations together, one per address, and give back what was not used', async t => {
  const { budget, reserve, served, wait } = cpu()
  const held: CpuReservation[] = []
  const take = (reservation: CpuReservation) => held.push(reservation)
  for (const address of ['a', 'a', 'b', 'c', 'd', 'e']) reserve(address, false, take)
  reserve('proven', true)
  t.strictSame(served, ['a reserved', 'b reserved', 'c reserved', 'd reserved', 'proven reserved'])
  const level = budget.level
  held[1]!.settle(8)
  held[1]!.settle(8)
  t.strictSame(served.slice(5), ['e reserved'], 'a place for another address; the same one still waits')
  t.equal(Math.round(budget.level - level), 512 - 8 - 512)
  held[0]!.settle(0, true)
  wait(10)
  t.equal(served.at(-1), 'a reserved', 'who let one run out is served when nobody else waits')
})

t.test('a small round does not wait for the large ones of twenty other addresses', async t => {
  const { charge, served, wait } = cpu()
  for (let i = 0; i < 60; i++) charge(`hostile ${i % 20}`, 512, false, 'hostile')
  charge('honest', 8)
  t.notOk(served.includes('honest'))
  wait(100)
  t.ok(served.includes('honest'))
})

t.test('a reservation that is not used is given up after a second if another address waits for it', async t => {
  const { budget, reserve, charge, served, wait } = cpu()
  const held: CpuReservation[] = []
  for (let i = 0; i < 12; i++) reserve(`silent ${i}`, false, reservation => held.push(reservation))
  reserve('honest', false, reservation => held.push(reservation))
  t.equal(held.length, 4)
  wait(990)
  t.equal(held.length, 4, 'an honest remote has its time')
  wait(3100)
  t.ok(served.includes('honest reserved'), 'long before the silent ones run out')
  t.ok(held[0]!.revoked)
  const level = budget.level
  held[0]!.settle(512)
  t.equal(Math.round(budget.level - level), 0, 'what was given up is not spent')
  charge('silent 0', 8)
  t.equal(served.at(-1), 'silent 0', 'it pays again, and is not served last for it')

  const alone = cpu()
  const kept: CpuReservation[] = []
  for (let i = 0; i < 4; i++) alone.reserve(`slow ${i}`, false, reservation => kept.push(reservation))
  alone.wait(20_000)
  t.notOk(
    kept.some(({ revoked }) => revoked),
    'nothing is given up while nobody waits'
  )
})

t.test('an address that let a reservation run out is served last for five minutes', async t => {
  for (const [minutes, first] of [
    [4, 'good'],
    [6, 'bad']
  ] as const) {
    const { reserve, charge, served, wait } = cpu()
    reserve('bad', false, reservation => reservation.settle(0, true))
    charge('good', 1) // served later, and so behind, but for the penalty
    wait(minutes * 60_000)
    for (let i = 0; i < 16; i++) charge('proven', 512, true, 'filler')
    const at = served.length
    charge('bad', 100)
    charge('bad', 100)
    charge('good', 100)
    wait(300)
    t.equal(served[at], first, `after ${minutes} minutes`)
  }
})

t.test('whoever gives up waiting leaves no trace', async t => {
  const { charge, served, wait, budget } = cpu({ cpuBurst: 100 })
  charge('a', 100)
  const cancel = charge('b', 100)
  cancel()
  cancel()
  wait(40_000)
  t.strictSame(served, ['a'])
  t.equal(budget.level, 100)
})

t.test('places: half-open, unproven and proven links, and who has to go', async t => {
  const evicted: string[] = []
  interface Entry {
    address: string
    label: string
  }
  const slots = new LinkSlots<Entry>({ ...budgets, halfOpen: 3, unproven: 4, proven: 4 }, link =>
    evicted.push(link.label)
  )
  const link = (label: string, address = label[0]!): Entry => ({ address, label })
  const all = ['a1', 'a2', 'b1', 'c1'].map(label => link(label))
  for (const entry of all) slots.connected(entry)
  t.strictSame(evicted, ['a1'], 'the oldest of the address with most')
  for (const entry of all.slice(1)) slots.opened(entry)
  t.strictSame(slots.counts, { halfOpen: 0, unproven: 3, proven: 0 })
  for (const entry of all.slice(1)) slots.proved(entry)
  const more = ['a3', 'a4', 'a5', 'd1'].map(label => link(label))
  for (const entry of more) slots.opened(entry)
  slots.proved(more[0]!)
  t.strictSame(slots.counts, { halfOpen: 0, unproven: 3, proven: 4 })
  slots.proved(more[3]!)
  t.strictSame(evicted, ['a1', 'a2'], 'a has more than a quarter of the proven places, so that d gets one')
  slots.proved(more[1]!)
  t.strictSame(slots.counts, { halfOpen: 0, unproven: 2, proven: 4 }, 'a gets no more, and stays among the unproven')
  slots.opened(link('e1'))
  slots.opened(link('e2'))
  slots.opened(link('e3'))
  t.strictSame(evicted.slice(2), ['e1'], 'a link that is proven is the last to go there')
  slots.removed(all[2]!)
  t.strictSame(slots.counts, { halfOpen: 0, unproven: 3, proven: 4 }, 'it takes the place that becomes free')
})

t.test('new connections per address, over all, and on loopback', async t => {
  const clock = new SimulatedClock(seededRandom(1))
  const rate = new ConnectionRate(clock)
  const burst = (count: number, address: () => string, loopback = false) =>
    Array.from({ length: count }, () => rate.take(address(), loopback)).filter(Boolean).length
  t.equal(
    burst(50, () => '10.0.0.1'),
    10
  )
  clock.run(clock.now() + 1000)
  t.equal(
    burst(50, () => '10.0.0.1'),
    5
  )
  let host = 0
  t.equal(
    burst(100, () => `10.0.1.${++host}`),
    40 - 5,
    'what the others left'
  )
  t.equal(
    burst(400, () => '127.0.0.1', true),
    256
  )
  clock.run(clock.now() + 1000)
  t.equal(
    burst(400, () => '127.0.0.1', true),
    100
  )
})

t.test('an address counts as IPv4 or as a network of 64 bits', async t => {
  for (const [text, key, loopback] of [
    ['10.1.2.3', '10.1.2.3', false],
    ['::ffff:10.1.2.3', '10.1.2.3', false],
    ['127.8.9.1', '127.8.9.1', true],
    ['::ffff:127.0.0.1', '127.0.0.1', true],
    ['::1', '::1', true],
    ['fd00:1:2:3:4:5:6:7', 'fd00:1:2:3::/64', false],
    ['fd00:1:2:3::9', 'fd00:1:2:3::/64', false],
    ['fe80::1%eth0', 'fe80::/64', false],
    ['', 'unknown', false]
  ] as const)
    t.strictSame(addressKey(text), { key, loopback }, text)
})
