// CPACE-RISTR255-SHA512 in the initiator-responder setting (draft-irtf-cfrg-cpace-21), as functions of their inputs.
// Not an exchange: who sends what, and when, is the round's business (round-initiator.ts, round-responder.ts).
import { ascii, concat, lv } from '../../../bytes.ts'
import { mac } from '../../mac.ts'
import type { LinkPrimitives } from '../../primitives.ts'

const DSI = ascii('CPaceRistretto255')
const DSI_ISK = ascii('CPaceRistretto255_ISK')
/** Input block size of SHA-512. */
const S_IN_BYTES = 128

/** Length of an item with its length in front, for items shorter than 2^14. */
function lengthWithPrefix(item: Uint8Array): number {
  return item.length + (item.length < 128 ? 1 : 2)
}

/**
 * generator_string of the draft: the password, padded so that it fills the first block of SHA-512 alone.
 * @param dsi domain separation of the caller
 * @param prs the password related string
 * @param ci channel identifier
 * @param sid session id
 */
export function generatorString(dsi: Uint8Array, prs: Uint8Array, ci: Uint8Array, sid: Uint8Array): Uint8Array {
  const padding = Math.max(0, S_IN_BYTES - 1 - lengthWithPrefix(prs) - lengthWithPrefix(dsi))
  return lv(dsi, prs, new Uint8Array(padding), ci, sid)
}

/** The element of a generator string, 32 bytes. */
export function mapToElement(primitives: LinkPrimitives, string: Uint8Array): Uint8Array {
  const hash = primitives.sha512(string)
  const element = primitives.fromHash(hash)
  hash.fill(0)
  string.fill(0)
  return element
}

/** CPace's generator of one session, 32 bytes. */
export function cpaceGenerator(
  primitives: LinkPrimitives,
  prs: Uint8Array,
  ci: Uint8Array,
  sid: Uint8Array
): Uint8Array {
  return mapToElement(primitives, generatorString(DSI, prs, ci, sid))
}

/** Public share and associated data of one side. */
export interface CpaceShare {
  /** The element, 32 bytes. */
  readonly element: Uint8Array
  readonly ad: Uint8Array
}

/** The intermediate session key, 64 bytes; `a` is the draft's initiator A, whose share comes first. */
export function cpaceIsk(
  primitives: LinkPrimitives,
  sid: Uint8Array,
  K: Uint8Array,
  a: CpaceShare,
  b: CpaceShare
): Uint8Array {
  const input = concat(lv(DSI_ISK, sid, K), lv(a.element, a.ad), lv(b.element, b.ad))
  const isk = primitives.sha512(input)
  input.fill(0)
  return isk
}

/** Key of the explicit key confirmation, 64 bytes. */
export function cpaceMacKey(primitives: LinkPrimitives, sid: Uint8Array, isk: Uint8Array): Uint8Array {
  return primitives.sha512(concat(ascii('CPaceMac'), sid, isk))
}

/** The confirmation tag of one side over its own share, 32 bytes. */
export function cpaceTag(primitives: LinkPrimitives, macKey: Uint8Array, share: CpaceShare): Uint8Array {
  return mac(primitives, macKey, lv(share.element, share.ad))
}
