// An attacker who knows one channel of his victim ("webchat") and tries to get a second one confirmed, in either role.
// He is written out in full: with one common name he can compute every hint of the victim's slots, which is why hints
// authorise nothing. He also guesses right which slot holds the common name, which he could only learn later.
import t from 'tap'
import { RoundInitiator } from '../../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../../src/core/link/matching/round/round-responder.ts'
import {
  createRoundRandomness,
  type Confirmed,
  type RoundContext
} from '../../../src/core/link/matching/round/round.ts'
import { writeElements, writeItems } from '../../../src/core/link/matching/round/round-messages.ts'
import {
  channelIdentifier,
  hintOf,
  pairKeys,
  pairSession,
  psiGenerator,
  roundTranscript
} from '../../../src/core/link/matching/round/round-values.ts'
import { cpaceGenerator } from '../../../src/core/link/matching/round/cpace.ts'
import { concat } from '../../../src/core/bytes.ts'
import { runToEnd, type Fault } from '../../../src/core/link/result.ts'
import { hex, primitives, roundContext, utf8 } from '../../support/link.ts'

const SIZE = 8
const victims = ['webchat', 'secret-one', 'secret-two', 'secret-three', 'secret-four']
const random = createRoundRandomness(primitives)
const slots = Array.from({ length: SIZE }, (_, slot) => slot)
const item = (body: Uint8Array, header: number, length: number, slot: number): Uint8Array =>
  body.slice(header + slot * length, header + (slot + 1) * length)

/** How the victim's round ended, and whether the attacker could tell a pair's tag from random bytes. */
interface Outcome {
  readonly fault?: Fault
  /** Names that the victim confirmed. */
  readonly confirmed: readonly string[]
  /** Slots of the attacker's choice for which the victim's last message showed a fitting tag. */
  readonly tagsSeen: readonly number[]
}

const ended = (fault: Fault, tagsSeen: readonly number[] = []): Outcome => ({ fault, confirmed: [], tagsSeen })
const namesOf = (confirmed: readonly Confirmed[]): string[] => confirmed.map(one => victims[one.index]!)

/** The bytes of an attacker in place of a share and a tag for a name that they do not know. */
type Forgery = 'tags of webchat' | 'random tags' | 'zero tags' | 'the base point'
const forgeries: readonly Forgery[] = ['tags of webchat', 'random tags', 'zero tags', 'the base point']

/** The share and tags of the pair (i, j) as somebody computes them who takes the name to be "webchat". */
function shareOfWebchat(context: RoundContext, th: Uint8Array, i: number, j: number) {
  const sid = pairSession(context, th, i, j)
  const scalar = random.scalar()
  const share = primitives.scalarMult(
    scalar,
    cpaceGenerator(primitives, utf8('webchat'), channelIdentifier(context), sid)
  )!
  return { sid, scalar, share }
}

const forgedTag = (forgery: Forgery, honest: Uint8Array): Uint8Array => {
  if (forgery === 'random tags') return primitives.randomBytes(32)
  return forgery === 'zero tags' ? new Uint8Array(32) : honest
}

/**
 * The attacker dials: eight elements r_i·G("webchat"). `pairs` are the pairs (i, j) that he hints, given the slot in
 * which the victim holds "webchat".
 */
function attackAsInitiator(pairs: (webchat: number) => [number, number][], forgery: Forgery): Outcome {
  const context = roundContext()
  const ci = channelIdentifier(context)
  // The order that the victim deals is known here, so that the guess of the slot is always right.
  const order = random.order(SIZE)
  const victim = new RoundResponder(context, { ...random, order: () => order })
  const webchat = order.indexOf(0)

  const generator = psiGenerator(context, ci, utf8('webchat'))
  const scalars = slots.map(() => random.scalar())
  const m1 = writeElements(
    0,
    0,
    scalars.map(r => primitives.scalarMult(r, generator)!)
  )
  const m2 = runToEnd(victim.onM1(m1, victims.map(utf8), 0))
  if (!m2.ok) return ended(m2)
  const th = roundTranscript(context, m1, m2.value)
  // b·P_i = r_i·Q_webchat: the attacker's K of every slot of his own, without knowing b.
  const shared = scalars.map(r => primitives.scalarMult(r, item(m2.value, 6, 32, webchat))!)

  const hinted = pairs(webchat)
  const m3 = writeItems(
    0,
    slots.map(j => {
      const pair = hinted.find(([, of]) => of === j)
      return pair === undefined ? primitives.randomBytes(16) : hintOf(context, 'I', th, shared[pair[0]]!)
    })
  )
  const m4 = runToEnd(victim.onM3(m3, () => true))
  if (!m4.ok) return ended(m4)

  const tagsR = new Map<number, string>()
  const m5 = writeItems(
    0,
    slots.map(i => {
      const pair = hinted.find(([of]) => of === i)
      if (pair === undefined) return primitives.randomBytes(64)
      const answer = item(m4.value, 4, 48, i)
      if (hex(answer.subarray(0, 16)) !== hex(hintOf(context, 'R', th, shared[i]!)))
        throw new Error('the forged hint did not hit')
      const { sid, scalar, share } = shareOfWebchat(context, th, i, pair[1])
      const zI = pair[1] !== webchat && forgery === 'the base point' ? primitives.scalarMultBase(scalar)! : share
      const K = primitives.scalarMult(scalar, answer.subarray(16))!
      const keys = pairKeys(context, sid, K, answer.subarray(16), zI)
      tagsR.set(i, hex(keys.tagR))
      return concat(zI, pair[1] === webchat ? keys.tagI : forgedTag(forgery, keys.tagI))
    })
  )
  const m6 = runToEnd(victim.onM5(m5))
  if (!m6.ok) return ended(m6)
  const tagsSeen = slots.filter(i => tagsR.get(i) === hex(item(m6.value.m6, 4, 32, i)))
  return { confirmed: namesOf(m6.value.confirmed), tagsSeen }
}

/** The attacker is dialled: eight elements r_j·G("webchat"). `pairs` as above, with the slot of I that holds it. */
function attackAsResponder(pairs: (webchat: number) => [number, number][], forgery: Forgery): Outcome {
  const context = roundContext()
  const ci = channelIdentifier(context)
  const victim = new RoundInitiator(context, victims.map(utf8), 0)
  const m1 = runToEnd(victim.m1())
  const generator = psiGenerator(context, ci, utf8('webchat'))
  const scalars = slots.map(() => random.scalar())
  const m2 = writeElements(
    0,
    0,
    scalars.map(r => primitives.scalarMult(r, generator)!)
  )
  const m3 = runToEnd(victim.onM2(m2))
  if (!m3.ok) return ended(m3)
  const th = roundTranscript(context, m1, m2)

  // a·Q_j = r_j·P_i for the slot i of "webchat": the hints of M3 say which one it is.
  const webchat = slots.find(
    i =>
      hex(hintOf(context, 'I', th, primitives.scalarMult(scalars[0]!, item(m1, 6, 32, i))!)) ===
      hex(item(m3.value.m3, 4, 16, 0))
  )!
  const shared = scalars.map(r => primitives.scalarMult(r, item(m1, 6, 32, webchat))!)

  const open = new Map<number, ReturnType<typeof shareOfWebchat>>()
  const m4 = writeItems(
    0,
    slots.map(i => {
      const pair = pairs(webchat).find(([of]) => of === i)
      if (pair === undefined) return primitives.randomBytes(48)
      const share = shareOfWebchat(context, th, i, pair[1])
      const zR = i !== webchat && forgery === 'the base point' ? primitives.scalarMultBase(share.scalar)! : share.share
      open.set(i, { ...share, share: zR })
      return concat(hintOf(context, 'R', th, shared[pair[1]]!), zR)
    })
  )
  const m5 = runToEnd(victim.onM4(m4))
  if (!m5.ok) return ended(m5)

  const tagsSeen: number[] = []
  const m6 = writeItems(
    0,
    slots.map(i => {
      const pair = open.get(i)
      if (pair === undefined) return primitives.randomBytes(32)
      const zI = item(m5.value, 4, 64, i).subarray(0, 32)
      const keys = pairKeys(context, pair.sid, primitives.scalarMult(pair.scalar, zI)!, pair.share, zI)
      if (hex(keys.tagI) === hex(item(m5.value, 4, 64, i).subarray(32))) tagsSeen.push(i)
      return i === webchat ? keys.tagR : forgedTag(forgery, keys.tagR)
    })
  )
  const end = runToEnd(victim.onM6(m6))
  return end.ok ? { confirmed: namesOf(end.value), tagsSeen } : ended(end, tagsSeen)
}

t.test('whoever knows one name gets that one confirmed, in either role', async t => {
  for (let run = 0; run < 4; run++) {
    const asI = attackAsInitiator(webchat => [[3, webchat]], 'tags of webchat')
    t.strictSame([asI.confirmed, asI.tagsSeen], [['webchat'], [3]])
    const asR = attackAsResponder(webchat => [[webchat, 3]], 'tags of webchat')
    t.strictSame(asR.confirmed, ['webchat'])
    t.equal(asR.tagsSeen.length, 1)
  }
})

t.test('hints forged for every slot of a responder confirm nothing and show no tag', async t => {
  for (const forgery of forgeries) {
    const outcome = attackAsInitiator(() => slots.map(j => [j, j]), forgery)
    t.strictSame([outcome.fault?.close, outcome.confirmed, outcome.tagsSeen], [1008, [], []], forgery)
  }
})

t.test(
  'a hint forged for one slot of a responder, beside the common one or alone, confirms nothing and shows no tag',
  async t => {
    for (const forgery of forgeries) {
      for (const other of slots.slice(1)) {
        const beside = attackAsInitiator(
          webchat => [
            [0, webchat],
            [1, (webchat + other) % SIZE]
          ],
          forgery
        )
        t.strictSame(
          [beside.fault?.close, beside.confirmed, beside.tagsSeen],
          [1008, [], []],
          `${forgery}, slot ${other} further`
        )
        const alone = attackAsInitiator(webchat => [[1, (webchat + other) % SIZE]], forgery)
        t.strictSame(
          [alone.fault?.close, alone.confirmed, alone.tagsSeen],
          [1008, [], []],
          `${forgery}, slot ${other} further, alone`
        )
      }
    }
  }
)

t.test(
  'hints forged for every slot of an initiator confirm nothing, and only the tag of the common name is seen',
  async t => {
    for (const forgery of forgeries) {
      const outcome = attackAsResponder(() => slots.map(i => [i, i]), forgery)
      t.strictSame([outcome.fault?.close, outcome.confirmed], [1008, []], forgery)
      t.equal(outcome.tagsSeen.length, 1, `${forgery}: his own channel`)
    }
  }
)

t.test('a hint forged for one slot of an initiator, beside the common one or alone, confirms nothing', async t => {
  for (const forgery of forgeries) {
    for (const other of slots.slice(1)) {
      const beside = attackAsResponder(
        webchat => [
          [webchat, 0],
          [(webchat + other) % SIZE, 1]
        ],
        forgery
      )
      t.strictSame([beside.fault?.close, beside.confirmed], [1008, []], `${forgery}, slot ${other} further`)
      t.equal(beside.tagsSeen.length, 1)
      const alone = attackAsResponder(webchat => [[(webchat + other) % SIZE, 1]], forgery)
      t.strictSame(
        [alone.fault?.close, alone.confirmed, alone.tagsSeen],
        [1008, [], []],
        `${forgery}, slot ${other} further, alone`
      )
    }
  }
})

t.test('an attacker who sends back what he got confirms nothing', async t => {
  // As responder he answers M1 with shares of his own but returns I's tags as his: they are over the other share.
  const context = roundContext()
  const [victim, honest] = [new RoundInitiator(context, [utf8('webchat')], 0), new RoundResponder(context)]
  const m2 = runToEnd(honest.onM1(runToEnd(victim.m1()), [utf8('webchat')], 0))
  const m3 = m2.ok ? runToEnd(victim.onM2(m2.value)) : m2
  const m4 = m3.ok ? runToEnd(honest.onM3(m3.value.m3, () => true)) : m3
  const m5 = m4.ok ? runToEnd(victim.onM4(m4.value)) : m4
  t.ok(m5.ok)
  const tags = m5.ok ? slots.map(slot => item(m5.value, 4, 64, slot).subarray(32)) : []
  t.match(runToEnd(victim.onM6(writeItems(0, tags))), { ok: false, close: 1008 })
})

t.test('an attacker who knows no name cannot tell from a round which ones the victim has', async t => {
  // He tests a dictionary against all that the victim sends: nothing in it depends on a name but under a fresh scalar.
  const context = roundContext()
  const ci = channelIdentifier(context)
  const victim = new RoundInitiator(context, victims.map(utf8), 0)
  const m1 = runToEnd(victim.m1())
  const own = slots.map(() => random.scalar())
  const m2 = writeElements(
    0,
    0,
    own.map((r, j) => primitives.scalarMult(r, psiGenerator(context, ci, utf8(`guess ${j}`)))!)
  )
  const m3 = runToEnd(victim.onM2(m2))
  if (!m3.ok) throw new Error(m3.reason)
  const th = roundTranscript(context, m1, m2)
  const hints = new Set(slots.map(j => hex(item(m3.value.m3, 4, 16, j))))
  // For each name of the victim: all hints that he can compute with his scalars and the victim's elements.
  const computed = own.flatMap(r =>
    slots.map(i => hex(hintOf(context, 'I', th, primitives.scalarMult(r, item(m1, 6, 32, i))!)))
  )
  t.equal(computed.filter(hint => hints.has(hint)).length, 0, 'a wrong guess tells nothing')
  const generators = new Set(victims.map(name => hex(psiGenerator(context, ci, utf8(name)))))
  t.equal(slots.filter(i => generators.has(hex(item(m1, 6, 32, i)))).length, 0, 'no element is a bare generator')
})
