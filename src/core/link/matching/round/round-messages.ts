// Layout of the six messages of a matching round, and the checks that need no cryptography. Bodies only: type and length
// of the frame are in wire/frames.ts, the meaning of the bytes in round-values.ts.
//
//   11 M1 I→R | 12 M2 R→I   r(4) | flags(1) | n(1) | N × element(32)      N = 2^n ∈ {8 … 512}
//   13 M3 I→R   r(4) | N_R × hint(16)
//   14 M4 R→I   r(4) | N_I × [ hint(16) | Z_R(32) ]
//   15 M5 I→R   r(4) | N_I × [ Z_I(32) | tag_I(32) ]
//   16 M6 R→I   r(4) | N_I × tag_R(32)
import { concat, mapKey, readU32, u32, u8 } from '../../../bytes.ts'
import { roundFlag } from './round.ts'
import { done, fault, type Result } from '../../result.ts'

export const ELEMENT_BYTES = 32
export const HINT_BYTES = 16
export const TAG_BYTES = 32
/** r, which opens every message. */
const ROUND_BYTES = 4
/** r, flags and n of M1 and M2. */
const HEADER_BYTES = 6
const MIN_N = 3
const MAX_N = 9
const KNOWN_M1_FLAGS = roundFlag.putAllIn | roundFlag.dealtFromAll | roundFlag.more

/** The body of M1 or M2. */
export function writeElements(r: number, flags: number, elements: readonly Uint8Array[]): Uint8Array {
  return concat(u32(r), u8(flags), u8(Math.log2(elements.length)), ...elements)
}

/** What stands before the elements of M1 or M2. */
export interface ElementsHeader {
  readonly flags: number
  /** N, the number of elements. */
  readonly size: number
}

/** Reads and checks r, n and the exact length of M1 or M2; the flags are the caller's to check. */
function readHeader(r: number, body: Uint8Array): Result<ElementsHeader> {
  if (body.length < HEADER_BYTES) return fault(1002, 'M1 or M2 is too short')
  if (readU32(body, 0) !== r) return fault(1002, 'M1 or M2 is of another round')
  const n = body[5]!
  if (n < MIN_N || n > MAX_N) return fault(1002, 'M1 or M2 has a size out of range')
  if (body.length !== HEADER_BYTES + 2 ** n * ELEMENT_BYTES) return fault(1002, 'M1 or M2 has a wrong length')
  return done({ flags: body[4]!, size: 2 ** n })
}

/**
 * Flags and size of an M1, for the decisions before its answer: the channels that take part, and the price of its
 * elements in CPU. RoundResponder.onM1 checks the elements.
 */
export function readM1Header(r: number, body: Uint8Array): Result<ElementsHeader> {
  const header = readHeader(r, body)
  if (!header.ok) return header
  const { flags } = header.value
  if ((flags & ~KNOWN_M1_FLAGS) !== 0) return fault(1002, 'M1 has an unknown flag')
  if ((flags & roundFlag.dealtFromAll) !== 0 && (flags & roundFlag.more) !== 0)
    return fault(1002, 'M1 has flags 2 and 4 together')
  return header
}

/** Flags and size of an M2. */
export function readM2Header(r: number, body: Uint8Array): Result<ElementsHeader> {
  const header = readHeader(r, body)
  if (header.ok && (header.value.flags & ~roundFlag.more) !== 0) return fault(1002, 'M2 has an unknown flag')
  return header
}

/**
 * The elements of a checked M1 or M2, each distinct from the others and from `own`. Their encoding is checked by the
 * multiplication that follows.
 */
export function readElements(body: Uint8Array, own: readonly Uint8Array[]): Result<Uint8Array[]> {
  const seen = new Set(own.map(mapKey))
  const elements = cut(body, HEADER_BYTES, ELEMENT_BYTES)
  for (const element of elements) {
    const key = mapKey(element)
    if (seen.has(key)) return fault(1008, 'An element occurs twice or comes back')
    seen.add(key)
  }
  return done(elements)
}

/** Cuts what follows `offset` into items of one length, as views. */
function cut(body: Uint8Array, offset: number, length: number): Uint8Array[] {
  const items: Uint8Array[] = []
  for (let at = offset; at < body.length; at += length) items.push(body.subarray(at, at + length))
  return items
}

/** The items of M3 … M6, as views, when the message is of this round and exactly `count` items long. */
export function readItems(r: number, body: Uint8Array, count: number, length: number): Result<Uint8Array[]> {
  if (body.length !== ROUND_BYTES + count * length) return fault(1002, 'A message of the round has a wrong length')
  if (readU32(body, 0) !== r) return fault(1002, 'A message is of another round')
  return done(cut(body, ROUND_BYTES, length))
}

/** The body of M3 … M6. */
export function writeItems(r: number, items: readonly Uint8Array[]): Uint8Array {
  return concat(u32(r), ...items)
}
