// The initiator's side of one matching round (PROTOCOL §5.4): M1 out, M2 in, M3 out, M4 in, M5 out, M6 in.
// Not a scheduler: the link calls each step once, in order, and runs it in slices. Nothing here reads a clock.
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
  readM2Header,
  writeElements,
  writeItems
} from './round-messages.ts'
import {
  blindSlots,
  channelIdentifier,
  hintOf,
  pairKeys,
  pairSession,
  roundTranscript,
  type PairKeys
} from './round-values.ts'
import { done, fault, type Sliced, type LinkCloseCode, type Fault, type Result } from '../../result.ts'

/** The outcome of an M2. */
export interface M2Outcome {
  /** The body of M3 to send. */
  readonly m3: Uint8Array
  /** The flags of M2: `more` or none. */
  readonly flags: number
  /** N_R, which the budgets charge. */
  readonly sizeR: number
}

/**
 * One round of the initiator. Steps are m1, onM2, onM4, onM6, each once; after a fault or the last one every secret is
 * overwritten and further steps give a fault 1011.
 */
export class RoundInitiator {
  /** N_I, the number of slots that this side fills. */
  readonly size: number
  readonly #context: RoundContext
  readonly #flags: number
  readonly #randomness: RoundRandomness
  readonly #slots: readonly Slot[]
  #next: 'm1' | 'm2' | 'm4' | 'm6' | 'over' = 'm1'
  readonly #a: Uint8Array
  #elements: readonly Uint8Array[] = []
  #m1: Uint8Array = new Uint8Array(0)
  #th: Uint8Array = new Uint8Array(0)
  /** hint_R(a·Q_j) → j. */
  #hints = new Map<string, number>()
  /** Keys of the pair of own slot i; absent for a slot that was not hit. */
  #pairs = new Map<number, PairKeys>()

  /**
   * @param names the PRS of each real channel, at most 512; padding is added here
   * @param flags of M1
   */
  constructor(
    context: RoundContext,
    names: readonly Uint8Array[],
    flags: number,
    randomness = createRoundRandomness(context.primitives)
  ) {
    this.#context = context
    this.#flags = flags
    this.#randomness = randomness
    this.#slots = dealSlots(names, randomness)
    this.size = this.#slots.length
    this.#a = randomness.scalar()
  }

  /** The body of M1. @throws NWS_ERR_INTERNAL when it was asked for before */
  *m1(): Sliced<Uint8Array> {
    if (this.#next !== 'm1') throw new NwsError('NWS_ERR_INTERNAL', 'M1 was asked for twice.')
    this.#elements = yield* blindSlots(this.#context, this.#a, this.#slots)
    this.#m1 = writeElements(this.#context.r, this.#flags, this.#elements)
    this.#next = 'm2'
    return this.#m1
  }

  /** Takes M2, gives M3: the hint of every element of R. */
  *onM2(body: Uint8Array): Sliced<Result<M2Outcome>> {
    if (this.#next !== 'm2') return this.#fail(1011, 'M2 was handed in out of order')
    const { r, primitives } = this.#context
    const header = readM2Header(r, body)
    if (!header.ok) return this.#fail(header.close, header.reason)
    const elements = readElements(body, this.#elements)
    if (!elements.ok) return this.#fail(elements.close, elements.reason)

    yield
    const th = roundTranscript(this.#context, this.#m1, body)
    const items: Uint8Array[] = []
    for (const [j, element] of elements.value.entries()) {
      const K = primitives.scalarMult(this.#a, element)
      if (K === undefined) return this.#fail(1008, 'An element is not valid')
      items.push(hintOf(this.#context, 'I', th, K))
      this.#hints.set(mapKey(hintOf(this.#context, 'R', th, K)), j)
      K.fill(0)
      yield
    }
    this.#a.fill(0)
    this.#th = th
    this.#next = 'm4'
    return done({ m3: writeItems(r, items), flags: header.value.flags, sizeR: header.value.size })
  }

  /** Takes M4, gives M5: this side's share and tag for each pair that R hinted back. */
  *onM4(body: Uint8Array): Sliced<Result<Uint8Array>> {
    if (this.#next !== 'm4') return this.#fail(1011, 'M4 was handed in out of order')
    const { r } = this.#context
    const slots = readItems(r, body, this.size, HINT_BYTES + ELEMENT_BYTES)
    if (!slots.ok) return this.#fail(slots.close, slots.reason)

    const hits = slots.value.map(slot => this.#hints.get(mapKey(slot.subarray(0, HINT_BYTES))))
    const hit = hits.filter(j => j !== undefined)
    if (new Set(hit).size !== hit.length) return this.#fail(1008, 'A slot of R is hinted twice')

    const items: Uint8Array[] = []
    for (const [i, j] of hits.entries()) {
      if (j === undefined) {
        items.push(this.#randomness.filler(ELEMENT_BYTES + TAG_BYTES))
      } else {
        const item = this.#confirmPair(i, j, slots.value[i]!.subarray(HINT_BYTES))
        if (item === undefined) return this.#fail(1008, 'A share is not valid')
        items.push(item)
      }
      yield
    }
    this.#next = 'm6'
    return done(writeItems(r, items))
  }

  /** CPace of the pair (i, j): Z_I | tag_I. `undefined` when R's share is invalid or our own one reflected. */
  #confirmPair(i: number, j: number, zR: Uint8Array): Uint8Array | undefined {
    const { primitives } = this.#context
    const sid = pairSession(this.#context, this.#th, i, j)
    const generator = cpaceGenerator(primitives, this.#slots[i]!.prs, channelIdentifier(this.#context), sid)
    const scalar = this.#randomness.scalar()
    const zI = primitives.scalarMult(scalar, generator)
    if (zI === undefined) throw new NwsError('NWS_ERR_INTERNAL', 'A share came to the identity element.')
    const K = primitives.scalarMult(scalar, zR)
    scalar.fill(0)
    generator.fill(0)
    if (K === undefined || compare(zI, zR) === 0) return undefined
    const keys = pairKeys(this.#context, sid, K, zR, zI)
    this.#pairs.set(i, keys)
    return concat(zI, keys.tagI)
  }

  /** Takes M6, gives the confirmed channels. It checks every tag; one wrong tag confirms nothing. */
  *onM6(body: Uint8Array): Sliced<Result<readonly Confirmed[]>> {
    if (this.#next !== 'm6') return this.#fail(1011, 'M6 was handed in out of order')
    const tags = readItems(this.#context.r, body, this.size, TAG_BYTES)
    if (!tags.ok) return this.#fail(tags.close, tags.reason)

    const confirmed: Confirmed[] = []
    let failed = false
    for (const [i, keys] of this.#pairs) {
      const { index } = this.#slots[i]!
      // Padding has a PRS that nobody else knows: a fitting tag for it is as wrong as a tag that does not fit.
      if (!this.#context.primitives.equal(keys.tagR, tags.value[i]!) || index === undefined) failed = true
      else confirmed.push({ index, handle: keys.handle })
      yield
    }
    if (failed) return this.#fail(1008, 'A tag of R fails its check')
    this.erase()
    return done(confirmed)
  }

  /** Overwrites every secret and ends the round. For a link that ends in the middle; otherwise done by itself. */
  erase(): void {
    this.#next = 'over'
    this.#a.fill(0)
    for (const slot of this.#slots) slot.prs.fill(0)
    for (const { tagI, tagR } of this.#pairs.values()) {
      tagI.fill(0)
      tagR.fill(0)
    }
    this.#pairs.clear()
    this.#hints.clear()
  }

  #fail(close: LinkCloseCode, reason: string): Fault {
    this.erase()
    return fault(close, reason)
  }
}
