// Matching rounds between honest sides: confirmed channels, visible values, repeated rounds.
import { array, assert, property, shuffledSubarray, stringMatching, uniqueArray } from 'fast-check'
import t from 'tap'
import { RoundInitiator } from '../../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../../src/core/link/matching/round/round-responder.ts'
import { createRoundRandomness, dealSlots, slotsFor } from '../../../src/core/link/matching/round/round.ts'
import { runToEnd } from '../../../src/core/link/result.ts'
import { compare, mapKey } from '../../../src/core/bytes.ts'
import { handlesByName, hex, messageNames, primitives, roundContext, runRound, utf8 } from '../../support/link.ts'

const randomness = createRoundRandomness(primitives)
const numbered = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** Runs a round and says whether exactly the common names were confirmed, on both sides, with the same handles. */
function matchesExactly(namesI: readonly string[], namesR: readonly string[]): boolean {
  const outcome = runRound({ namesI, namesR })
  if (outcome.confirmedI === undefined || outcome.confirmedR === undefined) return false
  const [handlesI, handlesR] = [handlesByName(namesI, outcome.confirmedI), handlesByName(namesR, outcome.confirmedR)]
  const common = namesI.filter(name => namesR.includes(name))
  return (
    handlesI.size === common.length &&
    handlesR.size === common.length &&
    new Set(handlesI.values()).size === common.length &&
    common.every(name => handlesI.get(name) !== undefined && handlesI.get(name) === handlesR.get(name))
  )
}

t.test('exactly the common names are confirmed, with equal handles, at every size', async t => {
  for (const [ofI, ofR, common] of [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [1, 1, 1],
    [8, 8, 8],
    [9, 8, 3],
    [7, 17, 7],
    [33, 64, 12],
    [65, 1, 1],
    [128, 129, 40],
    [256, 257, 5],
    [512, 512, 100],
    [300, 8, 8]
  ] as const) {
    const shared = numbered(common, 'shared-')
    const namesI = [...numbered(ofI - common, 'only.i.'), ...shared]
    const namesR = [...shared, ...numbered(ofR - common, 'only.r.')]
    t.ok(matchesExactly(namesI, namesR), `${ofI} and ${ofR} names, ${common} in common`)
  }
})

t.test('exactly the common names are confirmed over random sets', async t => {
  const name = stringMatching(/^[A-Za-z0-9+=*._-]{1,255}$/)
  const sets = uniqueArray(name, { maxLength: 24 }).chain(names =>
    array(shuffledSubarray(names), { minLength: 2, maxLength: 2 })
  )
  t.doesNotThrow(() =>
    assert(
      property(sets, ([namesI, namesR]) => matchesExactly(namesI!, namesR!)),
      { numRuns: 40 }
    )
  )
})

t.test('names that differ in a letter, its case or their length are different', async t => {
  const names = ['webchat', 'Webchat', 'webchat ', 'webcha', 'webchatt', 'a'.repeat(255), 'a'.repeat(254)]
  for (const mine of names) {
    const outcome = runRound({ namesI: [mine], namesR: names.filter(name => name !== mine) })
    t.strictSame([outcome.confirmedI, outcome.confirmedR, outcome.fault], [[], [], undefined], mine.slice(0, 9))
  }
})

t.test('a side takes the smallest size from 8 to 512, and refuses 513 names as our own mistake', async t => {
  t.strictSame(
    [0, 1, 8, 9, 16, 17, 33, 65, 129, 256, 257, 512].map(slotsFor),
    [8, 8, 8, 16, 16, 32, 64, 128, 256, 256, 512, 512]
  )
  const names = numbered(513, 'n').map(utf8)
  t.throws(() => new RoundInitiator(roundContext(), names, 0), { code: 'NWS_ERR_INTERNAL' })
  const responder = new RoundResponder(roundContext({ L: new Uint8Array(64) }))
  const initiator = new RoundInitiator(roundContext({ L: new Uint8Array(64) }), [], 0)
  t.throws(() => runToEnd(responder.onM1(runToEnd(initiator.m1()), names, 0)), { code: 'NWS_ERR_INTERNAL' })
})

t.test('lengths say nothing but the sizes: the same for none, some and all names in common', async t => {
  for (const [ofI, ofR] of [
    [8, 8],
    [3, 20],
    [40, 5]
  ] as const) {
    const lengths = [0, 1, Math.min(ofI, ofR)].map(common => {
      const shared = numbered(common, 's')
      const { sent } = runRound({
        namesI: [...shared, ...numbered(ofI - common, 'i')],
        namesR: [...shared, ...numbered(ofR - common, 'r')]
      })
      return messageNames.map(name => sent[name]?.length)
    })
    const [I, R] = [slotsFor(ofI), slotsFor(ofR)]
    const expected = [6 + 32 * I, 6 + 32 * R, 4 + 16 * R, 4 + 48 * I, 4 + 64 * I, 4 + 32 * I]
    for (const found of lengths) t.strictSame(found, expected)
  }
})

t.test('nothing that was sent is ever sent again, for the same names on the same link', async t => {
  const context = roundContext()
  const seen = new Set<string>()
  let sent = 0
  const add = (body: Uint8Array, offset: number, length: number): void => {
    for (let at = offset; at < body.length; at += length, sent++) seen.add(mapKey(body.subarray(at, at + length)))
  }
  for (let round = 0; round < 12; round++) {
    const { sent } = runRound({ namesI: ['webchat', 'lab'], namesR: ['lab', 'webchat'], contextI: context })
    add(sent.M1!, 6, 32)
    add(sent.M2!, 6, 32)
    add(sent.M3!, 4, 16)
    add(sent.M4!, 4, 48)
    add(sent.M5!, 4, 64)
    add(sent.M6!, 4, 32)
  }
  t.equal(seen.size, sent)
  t.equal(sent, 12 * 6 * 8)
})

t.test('a slot that cannot pay is not hit, and every real channel is asked once, hit or not', async t => {
  const namesR = ['poor', 'rich', 'unshared']
  const asked: number[] = []
  const outcome = runRound({
    namesI: ['poor', 'rich'],
    namesR,
    pay: index => {
      asked.push(index)
      return namesR[index] !== 'poor'
    }
  })
  t.strictSame(
    asked.toSorted((a, b) => a - b),
    [0, 1, 2]
  )
  t.strictSame([...handlesByName(namesR, outcome.confirmedR!).keys()], ['rich'])
  t.strictSame(
    outcome.confirmedI!.map(one => one.index),
    [1]
  )
})

t.test('slots are dealt uniformly, and padding is random', async t => {
  const counts = new Array<number>(8).fill(0)
  const padding = new Set<string>()
  for (let deal = 0; deal < 4000; deal++) {
    const slots = dealSlots([utf8('webchat')], randomness)
    counts[slots.findIndex(slot => slot.index === 0)]! += 1
    for (const slot of slots) if (slot.index === undefined) padding.add(mapKey(slot.prs))
  }
  // 500 expected in each slot with a deviation of 21.
  t.ok(
    counts.every(count => count > 370 && count < 630),
    counts.join(' ')
  )
  t.equal(padding.size, 4000 * 7)
  const orders = new Map<string, number>()
  for (let draw = 0; draw < 6000; draw++) {
    const order = randomness.order(3).join('')
    orders.set(order, (orders.get(order) ?? 0) + 1)
  }
  t.equal(orders.size, 6)
  t.ok(
    [...orders.values()].every(count => count > 800 && count < 1200),
    [...orders.values()].join(' ')
  )
})

t.test('a large order is a permutation', async t => {
  t.strictSame(
    randomness.order(512).toSorted((a, b) => a - b),
    Array.from({ length: 512 }, (_, index) => index)
  )
})

t.test('a scalar has 252 bits and is not zero, even when the source gives zeros', async t => {
  let calls = 0
  const stubborn = createRoundRandomness({
    ...primitives,
    randomBytes: count => (calls++ < 3 ? new Uint8Array(count) : primitives.randomBytes(count))
  })
  t.ok(stubborn.scalar().some(byte => byte !== 0))
  t.equal(calls, 4)
  const zeroBut = createRoundRandomness({
    ...primitives,
    randomBytes: count => (calls++ < 5 ? new Uint8Array(count).fill(0xf0, count - 1) : primitives.randomBytes(count))
  })
  t.ok(
    zeroBut.scalar().some(byte => byte !== 0),
    'bits that are cut off do not count'
  )
  for (let draw = 0; draw < 200; draw++) if (randomness.scalar()[31]! > 0x0f) t.fail('more than 252 bits')
})

t.test('two links in the middle of which somebody forwards confirm nothing', async t => {
  const [contextI, contextR] = [roundContext(), roundContext()]
  const outcome = runRound({ namesI: ['webchat', 'lab'], namesR: ['lab', 'webchat'], contextI, contextR })
  t.strictSame([outcome.confirmedI, outcome.confirmedR], [[], []])
})

t.test('differing views of ids or round confirm nothing', async t => {
  const context = roundContext()
  const other = new Uint8Array(16).fill(0x33)
  const names = { namesI: ['webchat', 'lab'], namesR: ['lab', 'webchat'], contextI: context }
  for (const [what, contextR] of [
    ['id_I', { ...context, idI: other }],
    ['id_R', { ...context, idR: other }],
    ['ids exchanged', { ...context, idI: context.idR, idR: context.idI }]
  ] as const) {
    const outcome = runRound({ ...names, contextR })
    t.strictSame([outcome.confirmedI, outcome.confirmedR], [[], []], what)
  }
  t.match(runRound({ ...names, contextR: { ...context, r: 1 } }), { fault: { by: 'R', at: 'M1', close: 1002 } })
})

t.test('handles of one name differ from link to link and from round to round', async t => {
  const context = roundContext()
  const handles = new Set<string>()
  for (const contextI of [context, context, { ...context, r: 1 }, roundContext()]) {
    handles.add(hex(runRound({ namesI: ['webchat'], namesR: ['webchat'], contextI }).confirmedI![0]!.handle))
  }
  t.equal(handles.size, 4)
})

t.test('steps out of order are our own mistake and end the round', async t => {
  const context = roundContext()
  const initiator = new RoundInitiator(context, [utf8('webchat')], 0)
  t.match(runToEnd(initiator.onM2(new Uint8Array(262))), { ok: false, close: 1011 })
  t.throws(() => runToEnd(initiator.m1()), { code: 'NWS_ERR_INTERNAL' })
  const responder = new RoundResponder(context)
  t.match(runToEnd(responder.onM3(new Uint8Array(132), () => true)), { ok: false, close: 1011 })
  t.match(runToEnd(responder.onM5(new Uint8Array(516))), { ok: false, close: 1011 })
  t.match(runToEnd(responder.onM1(new Uint8Array(262), [], 0)), { ok: false, close: 1011 })
  const fresh = new RoundInitiator(context, [], 0)
  t.match(runToEnd(fresh.onM4(new Uint8Array(388))), { ok: false, close: 1011 })
  t.match(runToEnd(fresh.onM6(new Uint8Array(260))), { ok: false, close: 1011 })
})

t.test('a round ends once, and an erased one goes no further', async t => {
  const context = roundContext()
  const initiator = new RoundInitiator(context, [utf8('webchat')], 0)
  const responder = new RoundResponder(context)
  const m1 = runToEnd(initiator.m1())
  const m2 = runToEnd(responder.onM1(m1, [utf8('webchat')], 0))
  t.ok(m2.ok)
  t.equal(initiator.size, 8)
  t.strictSame([responder.sizeI, responder.sizeR], [8, 8])
  initiator.erase()
  responder.erase()
  t.match(m2.ok && runToEnd(initiator.onM2(m2.value)), { ok: false, close: 1011 })
  t.match(runToEnd(responder.onM3(new Uint8Array(132), () => true)), { ok: false, close: 1011 })
})

t.test('the names that a caller gave are not changed by erasing', async t => {
  const name = utf8('webchat')
  const initiator = new RoundInitiator(roundContext(), [name], 0)
  initiator.erase()
  t.equal(compare(name, utf8('webchat')), 0)
})

t.test('every step yields between its multiplications', async t => {
  const context = roundContext()
  const names = numbered(64, 'n').map(utf8)
  const initiator = new RoundInitiator(context, names, 0)
  const responder = new RoundResponder(context)
  /** Runs to the end and gives the number of pieces with the result. */
  const counted = <T>(sliced: Generator<void, T, void>): { pieces: number; value: T } => {
    for (let pieces = 1; ; pieces++) {
      const step = sliced.next()
      if (step.done === true) return { pieces, value: step.value }
    }
  }
  const value = <T>(result: { ok: true; value: T } | { ok: false }): T => {
    if (!result.ok) throw new Error('the round failed')
    return result.value
  }
  const m1 = counted(initiator.m1())
  const m2 = counted(responder.onM1(m1.value, names, 0))
  const m3 = counted(initiator.onM2(value(m2.value)))
  const m4 = counted(responder.onM3(value(m3.value).m3, () => true))
  const m5 = counted(initiator.onM4(value(m4.value)))
  const m6 = counted(responder.onM5(value(m5.value)))
  const end = counted(initiator.onM6(value(m6.value).m6))
  t.equal(value(end.value).length, 64)
  t.strictSame(
    [m1, m2, m3, m4, m5, m6, end].map(step => step.pieces),
    [65, 193, 66, 65, 65, 65, 65]
  )
})
