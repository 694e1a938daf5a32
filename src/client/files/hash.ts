// SHA-256 for transfers: of a file's content while it passes, the seal over name, size and content, and the keys of an
// offer. Not the algorithm: each platform hands it in (node:crypto in Node.js, @noble/hashes in browsers, where
// WebCrypto takes no stream and does not exist at insecure origins).

/** A SHA-256 that is fed part by part. */
export interface Hasher {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

/** Makes one. */
export type CreateHasher = () => Hasher

/** Lower-case hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** SHA-256 over texts with a length before each, in hexadecimal. */
function hashOf(createHasher: CreateHasher, ...texts: string[]): string {
  const hasher = createHasher()
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text)
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length)
    hasher.update(length)
    hasher.update(bytes)
  }
  return hexOf(hasher.digest())
}

/** Proves that a file arrived whole and under its own name. @param sha256 of the content, in hexadecimal */
export function sealOf(createHasher: CreateHasher, path: string, size: number, sha256: string): string {
  return hashOf(createHasher, 'nws file', path, String(size), sha256)
}

/** How often one offer may be said again under another peer id. */
export const MAX_TURNS = 64

const next = (createHasher: CreateHasher, key: string): string => hashOf(createHasher, 'nws offer', key).slice(0, 32)

/**
 * The keys of an offer: each is the hash of the one before, and the sender tells them in reverse. Only the sender knows the
 * key of the next turn, so no other peer can take its place when it has come back under another peer id.
 *
 * @param secret 32 random hexadecimal characters
 * @returns the key of each turn; that of turn 0 is the offer's id
 */
export function keysOf(createHasher: CreateHasher, secret: string): readonly string[] {
  const keys = [secret]
  while (keys.length <= MAX_TURNS) keys.push(next(createHasher, keys.at(-1)!))
  return keys.reverse()
}

/** Whether a key of a later turn belongs to the same offer as a known one. */
export function follows(
  createHasher: CreateHasher,
  known: { readonly turn: number; readonly key: string },
  later: { readonly turn: number; readonly key: string }
): boolean {
  if (later.turn <= known.turn || later.turn > MAX_TURNS) return false
  let key = later.key
  for (let turn = later.turn; turn > known.turn; turn--) key = next(createHasher, key)
  return key === known.key
}
