// Which channels each side puts into which round, and the flags of M1 and M2 (docs/protocol/link.md §5.5).
import t from 'tap'
import { timings } from '../../../src/core/link/constants.ts'
import { FreshChannels } from '../../../src/core/link/matching/fresh-channels.ts'
import { InitiatorSweep, ResponderSweep } from '../../../src/core/link/matching/sweep.ts'
import { SimulatedClock } from '../../support/simulation.ts'
import { seededRandom } from '../../support/random.ts'

const [NEW, ALL, MORE] = [1, 2, 4]

function scene(names: string[]) {
  const open = new Set(names)
  const clock = new SimulatedClock(seededRandom(1))
  let entered = 0
  const fresh = new FreshChannels(
    {
      isCandidate: name => open.has(name),
      entered: () => {
        entered += 1
      }
    },
    clock,
    timings,
    () => 0
  )
  fresh.enter(names)
  const owner = {
    candidates: () => [...open],
    isCandidate: (name: string) => open.has(name),
    order: (size: number) => Array.from({ length: size }, (_, place) => place)
  }
  const initiator = new InitiatorSweep(owner, fresh)
  const responder = new ResponderSweep(owner, fresh)
  const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)
  return {
    open,
    fresh,
    initiator,
    responder,
    many,
    entered: () => entered,
    wait: (ms: number) => clock.run(clock.now() + ms)
  }
}

t.test('the first sweep of I puts all in, even none', async t => {
  const { initiator } = scene(['a', 'b'])
  t.ok(initiator.due)
  t.strictSame(initiator.round(), { names: ['a', 'b'], flags: NEW | ALL })
  t.ok(initiator.roundEnded(0))
  t.notOk(initiator.due)
  t.strictSame(scene([]).initiator.round(), { names: [], flags: ALL })
})

t.test('later sweeps of I put in what is new, and all after a WANT', async t => {
  const { initiator, open, fresh } = scene(['a'])
  initiator.round()
  initiator.roundEnded(0)
  open.add('b')
  fresh.enter(['b'])
  t.strictSame(initiator.round(), { names: ['b'], flags: NEW })
  open.add('c')
  fresh.enter(['c'])
  initiator.want()
  t.ok(initiator.roundEnded(0))
  t.strictSame(
    initiator.round(),
    { names: ['a', 'b', 'c'], flags: NEW | ALL },
    'what entered meanwhile, and all since R asked'
  )
  initiator.roundEnded(0)
  initiator.want()
  t.strictSame(initiator.round(), { names: ['a', 'b', 'c'], flags: ALL }, 'nothing new')
})

t.test('the new ones are all where all are new', async t => {
  const { initiator, open, fresh } = scene([])
  initiator.round()
  initiator.roundEnded(0)
  open.add('a')
  fresh.enter(['a'])
  t.strictSame(initiator.round(), { names: ['a'], flags: NEW | ALL })
})

t.test('I keeps its block until an M2 comes without bit 4, then goes on to its next', async t => {
  const { initiator, many, open } = scene([])
  for (const name of many(1300)) open.add(name)
  const first = initiator.round()
  t.strictSame([first.names.length, first.flags], [512, MORE])
  t.notOk(initiator.roundEnded(MORE))
  open.delete(first.names[0]!)
  t.strictSame(initiator.round().names, first.names.slice(1), 'the same, but for what has closed')
  t.notOk(initiator.roundEnded(0))
  t.strictSame([initiator.round().names.length, initiator.round().flags], [512, MORE])
  t.notOk(initiator.roundEnded(0))
  const last = initiator.round()
  t.strictSame([last.names.length, last.flags], [276, ALL], 'bit 2 stands in the last block only')
  t.notOk(initiator.roundEnded(MORE))
  t.ok(initiator.roundEnded(0))
})

t.test('more than 16 blocks of R are too many for I', async t => {
  const { initiator } = scene(['a'])
  initiator.round()
  for (let block = 1; block <= 16; block++) {
    t.equal(initiator.onM2(), undefined)
    initiator.roundEnded(MORE)
  }
  t.match(initiator.onM2(), { close: 1008 })
})

t.test('what is beyond 8192 channels waits for another sweep', async t => {
  const { initiator, fresh, many } = scene([])
  const scene2 = scene(many(8200))
  const seen = new Set<string>()
  for (;;) {
    const { names, flags } = scene2.initiator.round()
    for (const name of names) seen.add(name)
    t.equal(flags & ALL, 0, 'not all')
    if (scene2.initiator.roundEnded(0)) break
  }
  t.equal(seen.size, 8192)
  t.equal(scene2.fresh.size, 8)
  t.strictSame([initiator.running, fresh.size], [false, 0])
})

t.test('R puts in what is new, or all where bit 1 is set', async t => {
  const { responder, open, fresh } = scene(['a'])
  t.strictSame(responder.onM1(ALL), { names: ['a'], flags: 0 })
  t.ok(responder.roundEnded(ALL))
  t.equal(fresh.size, 0, 'tested against all of I')
  open.add('b')
  fresh.enter(['b'])
  t.ok(responder.due, 'a WANT is due')
  t.strictSame(responder.onM1(0), { names: ['b'], flags: 0 })
  t.ok(responder.roundEnded(0))
  t.ok(fresh.has('b'), 'it met only some of I: it is new still')
  t.strictSame(responder.onM1(NEW), { names: ['a', 'b'], flags: 0 })
})

t.test('R asks once, and again after a sweep with bit 2 that began later', async t => {
  const { responder, open, fresh } = scene([])
  t.notOk(responder.due, 'the first sweep comes unasked')
  responder.onM1(ALL)
  responder.roundEnded(ALL)
  open.add('a')
  fresh.enter(['a'])
  t.ok(responder.due)
  responder.onM1(NEW) // it crosses the WANT that is sent now
  t.notOk(responder.due)
  responder.wantSent()
  responder.roundEnded(NEW)
  t.notOk(responder.due, 'it waits for its answer')
  responder.onM1(0)
  responder.roundEnded(0)
  t.notOk(responder.due, 'a sweep without bit 2 is none')
  open.add('b')
  responder.onM1(ALL)
  fresh.enter(['b'])
  responder.roundEnded(ALL)
  t.ok(responder.due, 'b came after M2')
})

t.test('R goes on to its next block each round, and begins again for the next block of I', async t => {
  const { responder, many } = scene([])
  const { responder: large, open } = scene(many(600))
  const sizes: [number, number][] = []
  for (const flags of [MORE, MORE, ALL, ALL]) {
    const plan = large.onM1(flags)
    if ('close' in plan) throw new Error(plan.reason)
    sizes.push([plan.names.length, plan.flags])
    const over = large.roundEnded(flags)
    t.equal(over, sizes.length === 4)
  }
  t.strictSame(sizes, [
    [512, MORE],
    [88, 0],
    [512, MORE],
    [88, 0]
  ])
  t.equal(open.size, 600)
  t.match(responder.onM1(NEW), { names: [] })
  responder.roundEnded(MORE)
  t.match(responder.onM1(0), { close: 1002 }, 'bit 1 changes within a sweep')
})

t.test('more than 16 blocks of I are too many for R', async t => {
  const { responder } = scene(['a'])
  for (let block = 1; block <= 16; block++) {
    t.match(responder.onM1(MORE), { names: ['a'] })
    responder.roundEnded(MORE)
  }
  t.match(responder.onM1(MORE), { close: 1008 })
})

t.test('channels that sat out come back together, later each time, and at first again after a turn', async t => {
  const { fresh, wait } = scene(['a', 'b', 'c'])
  fresh.take()
  fresh.sitOut('a')
  wait(10_000)
  fresh.sitOut('b')
  wait(19_900)
  t.equal(fresh.size, 0)
  wait(200)
  t.ok(fresh.has('a') && fresh.has('b'), '30 s after the first')
  fresh.take()
  fresh.sitOut('a')
  fresh.paid('b')
  wait(59_900)
  t.equal(fresh.size, 0)
  wait(200)
  t.ok(fresh.has('a'), 'after 60 s')
  for (const minutes of [2, 4, 8, 10, 10]) {
    fresh.take()
    fresh.sitOut('a')
    wait(minutes * 60_000 - 100)
    t.equal(fresh.size, 0)
    wait(200)
    t.equal(fresh.size, 1, `${minutes} min`)
  }
  fresh.take()
  fresh.paid('a')
  fresh.sitOut('c')
  wait(30_100)
  t.ok(fresh.has('c'), 'the first delay again')
  fresh.stop()
})

t.test('a channel that closes is not new any more', async t => {
  const { fresh, open, wait } = scene(['a', 'b'])
  fresh.remove('a')
  t.notOk(fresh.has('a'))
  fresh.sitOut('b')
  open.delete('b')
  fresh.remove('b')
  wait(100_000)
  t.equal(fresh.size, 0)
})
