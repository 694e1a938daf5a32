// The primitive functions that the link protocol is built from, as one interface to be injected. Not an implementation:
// plugins/crypto binds it to libsodium and node:crypto, and core calls nothing else for cryptography or randomness.
// PROTOCOL §5: H = SHA-512, X25519, ChaCha20-Poly1305 (IETF), ristretto255 (RFC 9496).

/** An ephemeral X25519 key pair, 32 bytes each. */
export interface X25519KeyPair {
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
}

/**
 * Every cryptographic function of the link protocol. Arguments that are not a Uint8Array, or not of the stated length,
 * are a mistake of the caller and throw NWS_ERR_INTERNAL; bytes that a remote chose never make a function throw:
 * if they can be bad, the result is `undefined`. Results are fresh arrays that the caller owns; arguments are
 * neither kept nor changed.
 */
export interface LinkPrimitives {
  /** SHA-512: 64 bytes. */
  readonly sha512: (message: Uint8Array) => Uint8Array
  /** HMAC-SHA512 with a key of any length: 64 bytes. */
  readonly hmacSha512: (key: Uint8Array, message: Uint8Array) => Uint8Array

  /** The X25519 key pair of 32 random bytes. The public key is 32 bytes. */
  readonly x25519KeyPair: (secretKey: Uint8Array) => X25519KeyPair
  /** The X25519 shared secret (32 bytes); `undefined` when it is all zero (RFC 7748 §6.1). */
  readonly x25519: (secretKey: Uint8Array, publicKey: Uint8Array) => Uint8Array | undefined

  /**
   * ChaCha20-Poly1305 (RFC 8439): ciphertext followed by the tag of 16 bytes.
   * @param key 32 bytes
   * @param nonce 12 bytes, never used twice with one key
   */
  readonly aeadSeal: (key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array) => Uint8Array
  /** The plaintext, or `undefined` when the tag does not fit or the ciphertext is shorter than a tag. */
  readonly aeadOpen: (
    key: Uint8Array,
    nonce: Uint8Array,
    ad: Uint8Array,
    ciphertext: Uint8Array
  ) => Uint8Array | undefined

  /** The ristretto255 element of exactly 64 uniform bytes (RFC 9496 §4.3.4), 32 bytes encoded. */
  readonly fromHash: (hash: Uint8Array) => Uint8Array
  /**
   * scalar · element, encoded (32 bytes). `undefined` when the element is not a canonical encoding or the result is
   * the identity (so also when the element is the identity or the scalar is zero modulo the group order).
   * This check costs nothing on top, so a caller that multiplies needs no isValidElement before.
   */
  readonly scalarMult: (scalar: Uint8Array, element: Uint8Array) => Uint8Array | undefined
  /** scalar · base point, encoded; `undefined` for a scalar that is zero modulo the group order. */
  readonly scalarMultBase: (scalar: Uint8Array) => Uint8Array | undefined
  /** Whether 32 bytes are the canonical encoding of an element that is not the identity. */
  readonly isValidElement: (element: Uint8Array) => boolean

  /** Whether two arrays hold the same bytes; the time taken depends on their lengths alone. */
  readonly equal: (a: Uint8Array, b: Uint8Array) => boolean
  /** `count` bytes from the operating system's random source. */
  readonly randomBytes: (count: number) => Uint8Array
}

/** The functions that Noise needs. Pages of guests bring their own. */
export type NoisePrimitives = Pick<
  LinkPrimitives,
  'sha512' | 'hmacSha512' | 'x25519KeyPair' | 'x25519' | 'aeadSeal' | 'aeadOpen' | 'randomBytes'
>
