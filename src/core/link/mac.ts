// MAC of the link protocol. Not a primitive of its own: HMAC-SHA512, cut.
import type { LinkPrimitives } from './primitives.ts'

/** MAC(k,m) = HMAC-SHA512(k,m)[0..32) (PROTOCOL §5). */
export function mac(primitives: LinkPrimitives, key: Uint8Array, message: Uint8Array): Uint8Array {
  return primitives.hmacSha512(key, message).slice(0, 32)
}
