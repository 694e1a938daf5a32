// The responder's side of one matching round (PROTOCOL §5.4): M1 in, M2 out, M3 in, M4 out, M5 in, M6 out.
// Not a scheduler and not a budget: the link calls each step once, in order, runs it in slices, and says which
// channels can pay. Nothing here reads a clock.
import { compare, concat, mapKey } from '../../../bytes.ts'
import { cpaceGenerator } from './cpace.ts'
import { NwsError } from '../../../errors.ts'
import {
  createRoundRandomness,
  dealSlots,
  type Confirmed,
  type RoundContext,
  type RoundRandomness,
  type Slot
} from './round.ts'
import {
  ELEMENT_BYTES,
  HINT_BYTES,
  TAG_BYTES,
  readElements,
  readItems,
  readM1Header,
  writeElements,
  writeItems
} from './round-messages.ts'
import { blindSlots, channelIdentifier, hintOf, pairKeys, pairSession, roundTranscript } from './round-values.ts'
import { done, fault, type Sliced, type LinkCloseCode, type Fault, type Result } from '../../result.ts'

/** The outcome of an M5. */
export interface M5Outcome {
  /** The body of M6 to send; the channels are confirmed here once it is on its way. */
  readonly m6: Uint8Array
  readonly confirmed: readonly Confirmed[]
}

/** A hinted pair between M4 and M5. */
interface OpenPair {
  readonly slot: Slot
  readonly sid: Uint8Array
  readonly scalar: Uint8Array
  readonly zR: Uint8Array
}

/**
 * One round of the responder. Steps are onM1, onM3, onM5, each once; after a fault or the last one every secret is
 * overwritten and further steps give a fault 1011.
 */
export class RoundResponder {
  readonly #context: RoundContext
  readonly #randomness: RoundRandomness
  #next: 'm1' | 'm3' | 'm5' | 'over' = 'm1'
  #slots: readonly Slot[] = []
  #b: Uint8Array = new Uint8Array(0)
  #th: Uint8Array = new Uint8Array(0)
  #sizeI = 0
  /** hint_I(b·P_i) → i. */
  #hints = new Map<string, number>()
  /** hint_R(b·P_i), by i. */
  #answers: Uint8Array[] = []
  #pairs = new Map<number, OpenPair>()

  constructor(context: RoundContext, randomness = createRoundRandomness(context.primitives)) {
    this.#context = context
    this.#randomness = randomness
  }

  /** N_I, known after onM1. */
  get sizeI(): number {
    return this.#sizeI
  }

  /** N_R, known after onM1. */
  get sizeR(): number {
    return this.#slots.length
  }

  /**
   * Takes M1, gives M2. All multiplications of M1's elements are done by then, so that a bad one never gets an answer.
   * @param names the PRS of each real channel, at most 512; padding is added here
   * @param flags of M2: `more` or none
   */
  *onM1(body: Uint8Array, names: readonly Uint8Array[], flags: number): Sliced<Result<Uint8Array>> {
    if (this.#next !== 'm1') return this.#fail(1011, 'M1 was handed in out of order')
    const { r, primitives } = this.#context
    const header = readM1Header(r, body)
    if (!header.ok) return this.#fail(header.close, header.reason)
    const elements = readElements(body, [])
    if (!elements.ok) return this.#fail(elements.close, elements.reason)
    this.#sizeI = header.value.size
    this.#b = this.#randomness.scalar()

    const shared: Uint8Array[] = []
    for (const element of elements.value) {
      const K = primitives.scalarMult(this.#b, element)
      if (K === undefined) return this.#fail(1008, 'An element is not valid')
      shared.push(K)
      yield
    }
    this.#slots = dealSlots(names, this.#randomness)
    const m2 = writeElements(r, flags, yield* blindSlots(this.#context, this.#b, this.#slots))
    this.#b.fill(0)

    this.#th = roundTranscript(this.#context, body, m2)
    for (const [i, K] of shared.entries()) {
      this.#hints.set(mapKey(hintOf(this.#context, 'I', this.#th, K)), i)
      this.#answers.push(hintOf(this.#context, 'R', this.#th, K))
      K.fill(0)
      yield
    }
    this.#next = 'm3'
    return done(m2)
  }

  /**
   * Takes M3, gives M4: for each pair that I hinted, the hint in return and this side's share.
   * @param pay called once for each real channel put into M2, hit or not, because every hint of M3 is a guess at its
   * slot; `false` makes the slot count as not hit. `index` is the channel's place in the names of onM1.
   */
  *onM3(body: Uint8Array, pay: (index: number) => boolean): Sliced<Result<Uint8Array>> {
    if (this.#next !== 'm3') return this.#fail(1011, 'M3 was handed in out of order')
    const { r } = this.#context
    const hints = readItems(r, body, this.#slots.length, HINT_BYTES)
    if (!hints.ok) return this.#fail(hints.close, hints.reason)

    const hits = new Map<number, number>()
    let twice = false
    for (const [j, hint] of hints.value.entries()) {
      const { index } = this.#slots[j]!
      const paid = index === undefined || pay(index)
      const i = this.#hints.get(mapKey(hint))
      if (!paid || i === undefined) continue
      if (hits.has(i)) twice = true
      hits.set(i, j)
    }
    if (twice) return this.#fail(1008, 'A slot of I is hinted twice')

    const items: Uint8Array[] = []
    for (let i = 0; i < this.#sizeI; i++) {
      const j = hits.get(i)
      items.push(
        j === undefined
          ? this.#randomness.filler(HINT_BYTES + ELEMENT_BYTES)
          : concat(this.#answers[i]!, this.#openPair(i, j))
      )
      yield
    }
    this.#next = 'm5'
    return done(writeItems(r, items))
  }

  /** CPace of the pair (i, j): a fresh share. */
  #openPair(i: number, j: number): Uint8Array {
    const { primitives } = this.#context
    const slot = this.#slots[j]!
    const sid = pairSession(this.#context, this.#th, i, j)
    const generator = cpaceGenerator(primitives, slot.prs, channelIdentifier(this.#context), sid)
    const scalar = this.#randomness.scalar()
    const zR = primitives.scalarMult(scalar, generator)
    generator.fill(0)
    if (zR === undefined) throw new NwsError('NWS_ERR_INTERNAL', 'A share came to the identity element.')
    this.#pairs.set(i, { slot, sid, scalar, zR })
    return zR
  }

  /**
   * Takes M5, gives M6 and the confirmed channels. Every pair is computed and checked before anything is answered, and
   * without stopping at the first failure, so that neither an answer nor its time tells which of several guesses fit.
   */
  *onM5(body: Uint8Array): Sliced<Result<M5Outcome>> {
    if (this.#next !== 'm5') return this.#fail(1011, 'M5 was handed in out of order')
    const { r, primitives } = this.#context
    const slots = readItems(r, body, this.#sizeI, ELEMENT_BYTES + TAG_BYTES)
    if (!slots.ok) return this.#fail(slots.close, slots.reason)

    const confirmed: Confirmed[] = []
    const tags = new Map<number, Uint8Array>()
    let failed = false
    for (const [i, { slot, sid, scalar, zR }] of this.#pairs) {
      const zI = slots.value[i]!.subarray(0, ELEMENT_BYTES)
      const K = primitives.scalarMult(scalar, zI)
      // An invalid or reflected share fails, but still takes the time of the others.
      if (K === undefined || compare(zI, zR) === 0) failed = true
      const keys = pairKeys(this.#context, sid, K ?? new Uint8Array(ELEMENT_BYTES), zR, zI)
      const fits = primitives.equal(keys.tagI, slots.value[i]!.subarray(ELEMENT_BYTES))
      // Padding has a PRS that nobody else knows: a fitting tag for it is as wrong as a tag that does not fit.
      if (!fits || slot.index === undefined) failed = true
      else confirmed.push({ index: slot.index, handle: keys.handle })
      tags.set(i, keys.tagR)
      yield
    }
    if (failed) return this.#fail(1008, 'A tag of I fails its check')

    const items: Uint8Array[] = []
    for (let i = 0; i < this.#sizeI; i++) items.push(tags.get(i) ?? this.#randomness.filler(TAG_BYTES))
    this.erase()
    return done({ m6: writeItems(r, items), confirmed })
  }

  /** Overwrites every secret and ends the round. For a link that ends in the middle; otherwise done by itself. */
  erase(): void {
    this.#next = 'over'
    this.#b.fill(0)
    for (const slot of this.#slots) slot.prs.fill(0)
    for (const { scalar } of this.#pairs.values()) scalar.fill(0)
    this.#pairs.clear()
    this.#hints.clear()
    this.#answers = []
  }

  #fail(close: LinkCloseCode, reason: string): Fault {
    this.erase()
    return fault(close, reason)
  }
}
