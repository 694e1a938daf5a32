// One matching round (docs/protocol/link.md §5.4): its terms, and the dealing of channels into slots. The sides are
// round-initiator.ts and round-responder.ts; the schedulers start and pay for rounds (§5.5, §6).
//
// Why a round has two steps: a peer that knows one common name can forge a single scalar per side, so its outcome is
// only a hint that two slots may hold one name; each hinted pair then runs CPace with fresh scalars and explicit
// confirmation. Nothing visible (which slot, which order, which length) depends on a name.
import { isZero, readU32 } from '../../../bytes.ts'
import { NwsError } from '../../../errors.ts'
import type { LinkPrimitives } from '../../primitives.ts'

/** The context of a round; its values are bound to it. */
export interface RoundContext {
  /** Number of the round on its link, from 0. */
  readonly r: number
  /** The link's transcript hash, 64 bytes (§5.3). */
  readonly L: Uint8Array
  /** id_I and id_R as the HELLOs gave them, 16 bytes each. */
  readonly idI: Uint8Array
  readonly idR: Uint8Array
  readonly primitives: LinkPrimitives
}

/** The random choices of one side of a round; a test with vectors brings its own. */
export interface RoundRandomness {
  /** 252 random bits that are not all zero, as 32 bytes, little-endian. */
  readonly scalar: () => Uint8Array
  /** The PRS of one padding slot: 32 random bytes. */
  readonly padding: () => Uint8Array
  /** A uniformly random order of 0 … size − 1: slot s holds item order[s]. */
  readonly order: (size: number) => readonly number[]
  /** Random bytes for a slot without a hit. */
  readonly filler: (length: number) => Uint8Array
}

/** A channel that both sides have proven to know. */
export interface Confirmed {
  /** Its place in the `names` that this side gave. */
  readonly index: number
  /** The handle of its frames, 8 bytes. One that is in use on the link, or left and unanswered ⇒ close 1008. */
  readonly handle: Uint8Array
}

/** Flags of M1; of M2 only `more`. §5.5 tells their meaning in a sweep. */
export const roundFlag = { putAllIn: 1, dealtFromAll: 2, more: 4 } as const

/** Most channels that one side puts into a round. */
export const MAX_ROUND_NAMES = 512
const SMALLEST_SIZE = 8

/** The smallest number of slots, a power of two from 8 to 512, that holds `count` names: what leaks of their number. */
export function slotsFor(count: number): number {
  let size = SMALLEST_SIZE
  while (size < count) size *= 2
  return size
}

/** The randomness of a real round. */
export function createRoundRandomness(primitives: LinkPrimitives): RoundRandomness {
  return {
    scalar() {
      for (;;) {
        const scalar = primitives.randomBytes(32)
        scalar[31]! &= 0x0f
        if (!isZero(scalar)) return scalar
      }
    },
    padding: () => primitives.randomBytes(32),
    order: size => shuffled(size, primitives),
    filler: length => primitives.randomBytes(length)
  }
}

/** Fisher–Yates over 0 … size − 1, without the bias of a bare remainder. */
function shuffled(size: number, primitives: LinkPrimitives): number[] {
  const order = Array.from({ length: size }, (_, index) => index)
  let pool = primitives.randomBytes(4 * size)
  let used = 0
  const below = (bound: number): number => {
    for (;;) {
      if (used === pool.length) {
        pool = primitives.randomBytes(4 * size)
        used = 0
      }
      const value = readU32(pool, used)
      used += 4
      if (value < 2 ** 32 - (2 ** 32 % bound)) return value % bound
    }
  }
  for (let last = size - 1; last > 0; last--) {
    const other = below(last + 1)
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
  return order
}

/** One slot of this side: a channel, or padding that is processed just like one. */
export interface Slot {
  readonly prs: Uint8Array
  /** Place in the caller's names; `undefined` for padding. */
  readonly index: number | undefined
}

/** Deals names and padding into shuffled slots. @throws NWS_ERR_INTERNAL above 512 names */
export function dealSlots(names: readonly Uint8Array[], randomness: RoundRandomness): Slot[] {
  if (names.length > MAX_ROUND_NAMES)
    throw new NwsError('NWS_ERR_INTERNAL', 'A round was given more than 512 channels.')
  const size = slotsFor(names.length)
  const items: Slot[] = names.map((name, index) => ({ prs: name.slice(), index }))
  while (items.length < size) items.push({ prs: randomness.padding(), index: undefined })
  return randomness.order(size).map(place => items[place]!)
}
