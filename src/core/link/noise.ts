// Noise_NN_25519_ChaChaPoly_SHA512 (Noise revision 34): the handshake of two messages and the cipher of each direction.
// Not the wire format around it (handshake.ts) and not a general Noise: one pattern, one suite.
import { ascii, concat, u8 } from '../bytes.ts'
import type { LinkPrimitives, X25519KeyPair } from './primitives.ts'

const PROTOCOL = ascii('Noise_NN_25519_ChaChaPoly_SHA512')
const NOTHING = new Uint8Array(0)
const KEY_BYTES = 32
const HASH_BYTES = 64

/** A direction ends before this many messages (PROTOCOL §5.8); far below Noise's own limit of 2^64 − 1. */
export const NONCE_LIMIT = 2 ** 40

/** 4 zero bytes and n in 8 bytes, little-endian (Noise §12.3). */
function nonce(n: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(4, n % 2 ** 32, true)
  view.setUint32(8, Math.floor(n / 2 ** 32), true)
  return bytes
}

/** The nonce 2^64 − 1, which Noise keeps for REKEY. */
const REKEY_NONCE = Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)

/** Key and message counter of one direction. */
export class CipherState {
  readonly #primitives: LinkPrimitives
  readonly #key: Uint8Array
  #n: number

  /** @param n the number of messages already taken, for tests of the limit */
  constructor(primitives: LinkPrimitives, key: Uint8Array, n = 0) {
    this.#primitives = primitives
    this.#key = key.slice(0, KEY_BYTES)
    this.#n = n
  }

  /** How many messages this direction has carried; also the next nonce. A rekey does not reset it. */
  get n(): number {
    return this.#n
  }

  /** Seals the next message; `undefined` at NONCE_LIMIT, where the link must close. The result is 16 bytes longer. */
  seal(plaintext: Uint8Array, ad: Uint8Array = NOTHING): Uint8Array | undefined {
    if (this.#n >= NONCE_LIMIT) return undefined
    return this.#primitives.aeadSeal(this.#key, nonce(this.#n++), ad, plaintext)
  }

  /** Opens the next message; `undefined` for one that is forged, out of order or beyond NONCE_LIMIT: close then. */
  open(ciphertext: Uint8Array, ad: Uint8Array = NOTHING): Uint8Array | undefined {
    if (this.#n >= NONCE_LIMIT) return undefined
    const plaintext = this.#primitives.aeadOpen(this.#key, nonce(this.#n), ad, ciphertext)
    if (plaintext !== undefined) this.#n += 1
    return plaintext
  }

  /** Noise §4.2 REKEY: the old key cannot be computed from the new one. */
  rekey(): void {
    const sealed = this.#primitives.aeadSeal(this.#key, REKEY_NONCE, NOTHING, new Uint8Array(KEY_BYTES))
    this.#key.set(sealed.subarray(0, KEY_BYTES))
    sealed.fill(0)
  }

  /** Overwrites the key and refuses further messages. */
  erase(): void {
    this.#key.fill(0)
    this.#n = NONCE_LIMIT
  }
}

/** What a finished handshake leaves. */
export interface NoiseSplit {
  /** The handshake hash, 64 bytes; public. */
  readonly h: Uint8Array
  /** The final chaining key, 64 bytes; secret, to be erased by whoever derived what he needs. */
  readonly ck: Uint8Array
  /** Cipher of initiator to responder. */
  readonly c1: CipherState
  /** Cipher of responder to initiator. */
  readonly c2: CipherState
}

/** Noise's HKDF with two outputs of 64 bytes (Noise §4.3). */
function hkdf(primitives: LinkPrimitives, ck: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const temporary = primitives.hmacSha512(ck, input)
  const first = primitives.hmacSha512(temporary, u8(1))
  const second = primitives.hmacSha512(temporary, concat(first, u8(2)))
  temporary.fill(0)
  return [first, second]
}

/** Noise's SymmetricState with the one key that NN ever mixes. */
class SymmetricState {
  readonly #primitives: LinkPrimitives
  #h: Uint8Array
  #ck: Uint8Array
  #cipher: CipherState | undefined

  constructor(primitives: LinkPrimitives, prologue: Uint8Array) {
    this.#primitives = primitives
    this.#h = new Uint8Array(HASH_BYTES)
    this.#h.set(PROTOCOL)
    this.#ck = this.#h.slice()
    this.mixHash(prologue)
  }

  mixHash(data: Uint8Array): void {
    this.#h = this.#primitives.sha512(concat(this.#h, data))
  }

  mixKey(input: Uint8Array): void {
    const [ck, key] = hkdf(this.#primitives, this.#ck, input)
    this.#ck.fill(0)
    this.#ck = ck
    this.#cipher = new CipherState(this.#primitives, key)
    key.fill(0)
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher === undefined ? plaintext.slice() : this.#cipher.seal(plaintext, this.#h)!
    this.mixHash(sealed)
    return sealed
  }

  decryptAndHash(data: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#cipher === undefined ? data.slice() : this.#cipher.open(data, this.#h)
    this.mixHash(data)
    return plaintext
  }

  split(): NoiseSplit {
    this.#cipher?.erase()
    const [k1, k2] = hkdf(this.#primitives, this.#ck, NOTHING)
    const split = {
      h: this.#h,
      ck: this.#ck,
      c1: new CipherState(this.#primitives, k1),
      c2: new CipherState(this.#primitives, k2)
    }
    k1.fill(0)
    k2.fill(0)
    return split
  }
}

/** The initiator: `write` once, then `read` once. */
export class NoiseInitiator {
  readonly #primitives: LinkPrimitives
  readonly #symmetric: SymmetricState
  readonly #e: X25519KeyPair

  /** @param ephemeral 32 random bytes, used for this handshake alone */
  constructor(primitives: LinkPrimitives, prologue: Uint8Array, ephemeral: Uint8Array) {
    this.#primitives = primitives
    this.#symmetric = new SymmetricState(primitives, prologue)
    this.#e = primitives.x25519KeyPair(ephemeral)
  }

  /** Message 1: e | payload in clear. */
  write(payload: Uint8Array): Uint8Array {
    this.#symmetric.mixHash(this.#e.publicKey)
    return concat(this.#e.publicKey, this.#symmetric.encryptAndHash(payload))
  }

  /** Reads message 2; `undefined` when it is too short, forged, or its key gives an all-zero secret. */
  read(message: Uint8Array): { payload: Uint8Array; split: NoiseSplit } | undefined {
    if (message.length < KEY_BYTES) return undefined
    const re = message.subarray(0, KEY_BYTES)
    this.#symmetric.mixHash(re)
    const ee = this.#primitives.x25519(this.#e.secretKey, re)
    this.#e.secretKey.fill(0)
    if (ee === undefined) return undefined
    this.#symmetric.mixKey(ee)
    ee.fill(0)
    const payload = this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES))
    return payload && { payload, split: this.#symmetric.split() }
  }

  /** Overwrites the ephemeral key of a handshake that is given up. */
  erase(): void {
    this.#e.secretKey.fill(0)
  }
}

/** The responder: `read` once, then `write` once. */
export class NoiseResponder {
  readonly #primitives: LinkPrimitives
  readonly #symmetric: SymmetricState
  readonly #e: X25519KeyPair
  #re: Uint8Array | undefined

  /** @param ephemeral 32 random bytes, used for this handshake alone */
  constructor(primitives: LinkPrimitives, prologue: Uint8Array, ephemeral: Uint8Array) {
    this.#primitives = primitives
    this.#symmetric = new SymmetricState(primitives, prologue)
    this.#e = primitives.x25519KeyPair(ephemeral)
  }

  /** Reads message 1 and gives its payload; `undefined` when it is too short. */
  read(message: Uint8Array): Uint8Array | undefined {
    if (message.length < KEY_BYTES) return undefined
    this.#re = message.slice(0, KEY_BYTES)
    this.#symmetric.mixHash(this.#re)
    return this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES))
  }

  /** Message 2: e | AEAD(payload); `undefined` when the initiator's key gives an all-zero secret or none was read. */
  write(payload: Uint8Array): { message: Uint8Array; split: NoiseSplit } | undefined {
    if (this.#re === undefined) return undefined
    this.#symmetric.mixHash(this.#e.publicKey)
    const ee = this.#primitives.x25519(this.#e.secretKey, this.#re)
    this.#e.secretKey.fill(0)
    if (ee === undefined) return undefined
    this.#symmetric.mixKey(ee)
    ee.fill(0)
    const message = concat(this.#e.publicKey, this.#symmetric.encryptAndHash(payload))
    return { message, split: this.#symmetric.split() }
  }
}
