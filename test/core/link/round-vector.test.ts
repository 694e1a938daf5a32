// One matching round, byte for byte, with every value in between, against docs/vectors/nws3-round.json.
import t from 'tap'
import { RoundInitiator } from '../../../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../../../src/core/link/matching/round/round-responder.ts'
import type { RoundRandomness } from '../../../src/core/link/matching/round/round.ts'
import {
  channelIdentifier,
  hintOf,
  pairKeys,
  pairSession,
  psiGenerator,
  roundTranscript
} from '../../../src/core/link/matching/round/round-values.ts'
import { cpaceGenerator, cpaceIsk, cpaceMacKey, generatorString } from '../../../src/core/link/matching/round/cpace.ts'
import { ascii, concat, u32 } from '../../../src/core/bytes.ts'
import { runToEnd } from '../../../src/core/link/result.ts'
import { hex, primitives, roundContext, unhex, utf8, vectors } from '../../support/link.ts'

interface VectorSlot {
  slot: number
  name?: string
  PRS: string
  generator_string: string
  psi_generator: string
  P?: string
  Q?: string
}
type PairValue =
  | 'psi_K'
  | 'hint_I'
  | 'hint_R'
  | 'sid'
  | 'generator_string'
  | 'generator'
  | 'z_R'
  | 'Z_R'
  | 'z_I'
  | 'Z_I'
  | 'K'
  | 'ISK'
  | 'mk'
  | 'tag_I'
  | 'tag_R'
  | 'handle'
type VectorPair = Record<PairValue, string> & { slot_I: number; slot_R: number; name: string }
interface RoundVector {
  r: number
  L: string
  id_I: string
  id_R: string
  CI: string
  names_I: string[]
  names_R: string[]
  flags_I: number
  flags_R: number
  a: string
  b: string
  slots_I: VectorSlot[]
  slots_R: VectorSlot[]
  th: string
  AD_I: string
  AD_R: string
  hints_M3: string[]
  pairs: VectorPair[]
  M1: string
  M2: string
  M3: string
  M4: string
  M5: string
  M6: string
}
const vector = vectors('nws3-round.json') as RoundVector
const context = roundContext({
  r: vector.r,
  L: unhex(vector.L),
  idI: unhex(vector.id_I),
  idR: unhex(vector.id_R)
})
const th = unhex(vector.th)

/** Gives back the vector's choices: scalars and filler in the order of I's slots, padding in the order of the slots. */
function replay(
  scalars: readonly string[],
  slots: readonly VectorSlot[],
  fillers: readonly Uint8Array[]
): RoundRandomness {
  const left = {
    scalars: [...scalars],
    padding: slots.filter(slot => slot.name === undefined).map(slot => slot.PRS),
    fillers: [...fillers]
  }
  return {
    scalar: () => unhex(left.scalars.shift()!),
    padding: () => unhex(left.padding.shift()!),
    order: size => Array.from({ length: size }, (_, index) => index),
    filler: () => left.fillers.shift()!
  }
}

/** The items of a message at the slots that no pair has. */
function fillersOf(body: string, length: number): Uint8Array[] {
  const bytes = unhex(body)
  const taken = new Set(vector.pairs.map(pair => pair.slot_I))
  const fillers: Uint8Array[] = []
  for (let i = 0; i < 8; i++) if (!taken.has(i)) fillers.push(bytes.slice(4 + i * length, 4 + (i + 1) * length))
  return fillers
}

t.test('both sides send the messages of the vector', async t => {
  t.ok(
    vector.pairs.every((pair, index) => index === 0 || pair.slot_I > vector.pairs[index - 1]!.slot_I),
    'pairs come in the order of I'
  )
  const initiator = new RoundInitiator(
    context,
    vector.names_I.map(utf8),
    vector.flags_I,
    replay([vector.a, ...vector.pairs.map(pair => pair.z_I)], vector.slots_I, fillersOf(vector.M5, 64))
  )
  const responder = new RoundResponder(
    context,
    replay([vector.b, ...vector.pairs.map(pair => pair.z_R)], vector.slots_R, [
      ...fillersOf(vector.M4, 48),
      ...fillersOf(vector.M6, 32)
    ])
  )

  t.equal(hex(runToEnd(initiator.m1())), vector.M1)
  const m2 = runToEnd(responder.onM1(unhex(vector.M1), vector.names_R.map(utf8), vector.flags_R))
  t.equal(m2.ok && hex(m2.value), vector.M2)
  const m3 = runToEnd(initiator.onM2(unhex(vector.M2)))
  t.equal(m3.ok && hex(m3.value.m3), vector.M3)
  t.match(m3, { value: { flags: vector.flags_R, sizeR: 8 } })
  const m4 = runToEnd(responder.onM3(unhex(vector.M3), () => true))
  t.equal(m4.ok && hex(m4.value), vector.M4)
  const m5 = runToEnd(initiator.onM4(unhex(vector.M4)))
  t.equal(m5.ok && hex(m5.value), vector.M5)
  const m6 = runToEnd(responder.onM5(unhex(vector.M5)))
  t.equal(m6.ok && hex(m6.value.m6), vector.M6)
  const end = runToEnd(initiator.onM6(unhex(vector.M6)))

  const expected = (names: readonly string[]) => vector.pairs.map(pair => `${names.indexOf(pair.name)} ${pair.handle}`)
  t.strictSame(m6.ok && m6.value.confirmed.map(one => `${one.index} ${hex(one.handle)}`), expected(vector.names_R))
  t.strictSame(end.ok && end.value.map(one => `${one.index} ${hex(one.handle)}`), expected(vector.names_I))
})

t.test('the hint step comes to the values of the vector', async t => {
  const ci = channelIdentifier(context)
  t.equal(hex(ci), vector.CI)
  for (const [slots, scalar] of [
    [vector.slots_I, vector.a],
    [vector.slots_R, vector.b]
  ] as const) {
    for (const slot of slots) {
      const sid = concat(context.L, u32(context.r))
      t.equal(hex(generatorString(ascii('NWS3-PSI-ristretto255'), unhex(slot.PRS), ci, sid)), slot.generator_string)
      const generator = psiGenerator(context, ci, unhex(slot.PRS))
      t.equal(hex(generator), slot.psi_generator)
      t.equal(hex(primitives.scalarMult(unhex(scalar), generator)!), slot.P ?? slot.Q)
    }
  }
  t.equal(hex(roundTranscript(context, unhex(vector.M1), unhex(vector.M2))), vector.th)
  for (const [j, slot] of vector.slots_R.entries()) {
    t.equal(hex(hintOf(context, 'I', th, primitives.scalarMult(unhex(vector.a), unhex(slot.Q!))!)), vector.hints_M3[j])
  }
})

t.test('the confirmation step comes to the values of the vector', async t => {
  const ci = channelIdentifier(context)
  for (const pair of vector.pairs) {
    const psiK = primitives.scalarMult(unhex(vector.b), unhex(vector.slots_I[pair.slot_I]!.P!))!
    t.equal(hex(psiK), pair.psi_K)
    t.equal(hex(hintOf(context, 'I', th, psiK)), pair.hint_I)
    t.equal(hex(hintOf(context, 'R', th, psiK)), pair.hint_R)
    const sid = pairSession(context, th, pair.slot_I, pair.slot_R)
    t.equal(hex(sid), pair.sid)
    t.equal(hex(generatorString(ascii('CPaceRistretto255'), utf8(pair.name), ci, sid)), pair.generator_string)
    const generator = cpaceGenerator(primitives, utf8(pair.name), ci, sid)
    t.equal(hex(generator), pair.generator)
    t.equal(hex(primitives.scalarMult(unhex(pair.z_R), generator)!), pair.Z_R)
    t.equal(hex(primitives.scalarMult(unhex(pair.z_I), generator)!), pair.Z_I)
    const K = primitives.scalarMult(unhex(pair.z_R), unhex(pair.Z_I))!
    t.equal(hex(K), pair.K)
    const isk = cpaceIsk(
      primitives,
      sid,
      K,
      { element: unhex(pair.Z_R), ad: unhex(vector.AD_R) },
      { element: unhex(pair.Z_I), ad: unhex(vector.AD_I) }
    )
    t.equal(hex(isk), pair.ISK)
    t.equal(hex(cpaceMacKey(primitives, sid, isk)), pair.mk)
    const keys = pairKeys(context, sid, K, unhex(pair.Z_R), unhex(pair.Z_I))
    t.strictSame([hex(keys.tagI), hex(keys.tagR), hex(keys.handle)], [pair.tag_I, pair.tag_R, pair.handle])
  }
})
