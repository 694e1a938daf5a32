// Noise (revision 34) with 25519_ChaChaPoly_SHA512: the state of a handshake, the cipher of each direction, and the pattern IX.
// Not the wire format around it (handshake.ts). The pattern of guests is in core/guests/handshake.ts.
import { ascii, concat, u8 } from '../../bytes.ts'
import type { NoisePrimitives, X25519KeyPair } from '../primitives.ts'

const PROTOCOL = 'Noise_IX_25519_ChaChaPoly_SHA512'
const NOTHING = new Uint8Array(0)
export const KEY_BYTES = 32
const HASH_BYTES = 64
/** An encrypted static key: the key and a tag. */
const SEALED_KEY_BYTES = KEY_BYTES + 16

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
  readonly #primitives: NoisePrimitives
  readonly #key: Uint8Array
  #n: number

  /** @param n the number of messages already taken, for tests of the limit */
  constructor(primitives: NoisePrimitives, key: Uint8Array, n = 0) {
    this.#primitives = primitives
    this.#key = key.slice(0, KEY_BYTES)
    this.#n = n
  }

  /** How many messages this direction has carried; also the next nonce. A rekey does not reset it. */
  get n(): number {
    return this.#n
  }

  /** Seals the next message; `undefined` at NONCE_LIMIT: the link must close. The result is 16 bytes longer. */
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

/** The result of a finished handshake. */
export interface NoiseSplit {
  /** The handshake hash, 64 bytes; public. */
  readonly h: Uint8Array
  /** Cipher of initiator to responder. */
  readonly c1: CipherState
  /** Cipher of responder to initiator. */
  readonly c2: CipherState
}

/** Noise's HKDF with outputs of 64 bytes (Noise §4.3). */
function hkdf(primitives: NoisePrimitives, ck: Uint8Array, input: Uint8Array, outputs = 2): Uint8Array[] {
  const temporary = primitives.hmacSha512(ck, input)
  const found = [primitives.hmacSha512(temporary, u8(1))]
  while (found.length < outputs)
    found.push(primitives.hmacSha512(temporary, concat(found.at(-1)!, u8(found.length + 1))))
  temporary.fill(0)
  return found
}

/** Noise's SymmetricState. */
export class SymmetricState {
  readonly #primitives: NoisePrimitives
  #h: Uint8Array
  #ck: Uint8Array
  #cipher: CipherState | undefined

  /** @param protocol name of at most 64 characters */
  constructor(primitives: NoisePrimitives, protocol: string, prologue: Uint8Array) {
    this.#primitives = primitives
    this.#h = new Uint8Array(HASH_BYTES)
    this.#h.set(ascii(protocol))
    this.#ck = this.#h.slice()
    this.mixHash(prologue)
  }

  mixHash(data: Uint8Array): void {
    this.#h = this.#primitives.sha512(concat(this.#h, data))
  }

  mixKey(input: Uint8Array): void {
    const [ck, key] = hkdf(this.#primitives, this.#ck, input)
    this.#setKeys(ck!, key!)
  }

  /** Mixes a secret that both sides have before the handshake. */
  mixKeyAndHash(psk: Uint8Array): void {
    const [ck, hash, key] = hkdf(this.#primitives, this.#ck, psk, 3)
    this.mixHash(hash!)
    this.#setKeys(ck!, key!)
  }

  /** Mixes the shared secret of two keys; false if it is all zero. */
  mixSecret(secretKey: Uint8Array, publicKey: Uint8Array): boolean {
    const secret = this.#primitives.x25519(secretKey, publicKey)
    if (secret === undefined) return false
    this.mixKey(secret)
    secret.fill(0)
    return true
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
    this.#ck.fill(0)
    const split = {
      h: this.#h,
      c1: new CipherState(this.#primitives, k1!),
      c2: new CipherState(this.#primitives, k2!)
    }
    k1!.fill(0)
    k2!.fill(0)
    return split
  }

  #setKeys(ck: Uint8Array, key: Uint8Array): void {
    this.#ck.fill(0)
    this.#ck = ck
    this.#cipher?.erase()
    this.#cipher = new CipherState(this.#primitives, key)
    key.fill(0)
  }
}

/** One side's key pairs: of the proxy's run, and of one handshake. */
export interface NoiseKeys {
  readonly s: X25519KeyPair
  readonly e: X25519KeyPair
}

/** What reading the second message gives. */
export interface NoiseFinished {
  readonly payload: Uint8Array
  /** The responder's static key. */
  readonly rs: Uint8Array
  readonly split: NoiseSplit
}

/** The initiator: `write` once, then `read` once. */
export class NoiseInitiator {
  readonly #symmetric: SymmetricState
  readonly #keys: NoiseKeys

  constructor(primitives: NoisePrimitives, prologue: Uint8Array, keys: NoiseKeys) {
    this.#symmetric = new SymmetricState(primitives, PROTOCOL, prologue)
    this.#keys = keys
  }

  /** Message 1: e | s | payload, all in clear. */
  write(payload: Uint8Array): Uint8Array {
    const { s, e } = this.#keys
    this.#symmetric.mixHash(e.publicKey)
    const sealed = this.#symmetric.encryptAndHash(s.publicKey)
    return concat(e.publicKey, sealed, this.#symmetric.encryptAndHash(payload))
  }

  /** Reads message 2; `undefined` if it is too short, is forged, or has a key that gives an all-zero secret. */
  read(message: Uint8Array): NoiseFinished | undefined {
    if (message.length < KEY_BYTES + SEALED_KEY_BYTES) return undefined
    const { s, e } = this.#keys
    const symmetric = this.#symmetric
    const re = message.subarray(0, KEY_BYTES)
    symmetric.mixHash(re)
    const met = symmetric.mixSecret(e.secretKey, re) && symmetric.mixSecret(s.secretKey, re)
    const rs = met ? symmetric.decryptAndHash(message.subarray(KEY_BYTES, KEY_BYTES + SEALED_KEY_BYTES)) : undefined
    const proven = rs !== undefined && symmetric.mixSecret(e.secretKey, rs)
    this.erase()
    if (!proven) return undefined
    const payload = symmetric.decryptAndHash(message.subarray(KEY_BYTES + SEALED_KEY_BYTES))
    return payload && { payload, rs, split: symmetric.split() }
  }

  /** Overwrites the key of this handshake. */
  erase(): void {
    this.#keys.e.secretKey.fill(0)
  }
}

/** The responder: `read` once, then `write` once. */
export class NoiseResponder {
  readonly #symmetric: SymmetricState
  readonly #keys: NoiseKeys
  #re: Uint8Array | undefined
  #rs: Uint8Array | undefined

  constructor(primitives: NoisePrimitives, prologue: Uint8Array, keys: NoiseKeys) {
    this.#symmetric = new SymmetricState(primitives, PROTOCOL, prologue)
    this.#keys = keys
  }

  /** Reads message 1: the initiator's static key, which is proven by its first record only, and the payload. */
  read(message: Uint8Array): { readonly rs: Uint8Array; readonly payload: Uint8Array } | undefined {
    if (message.length < 2 * KEY_BYTES) return undefined
    this.#re = message.slice(0, KEY_BYTES)
    this.#symmetric.mixHash(this.#re)
    this.#rs = this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES, 2 * KEY_BYTES))!
    return { rs: this.#rs, payload: this.#symmetric.decryptAndHash(message.subarray(2 * KEY_BYTES))! }
  }

  /** Message 2; `undefined` if a key of the initiator gives an all-zero secret, or none was read. */
  write(payload: Uint8Array): { message: Uint8Array; split: NoiseSplit } | undefined {
    const { s, e } = this.#keys
    const symmetric = this.#symmetric
    const re = this.#re
    const rs = this.#rs
    if (re === undefined || rs === undefined) return undefined
    symmetric.mixHash(e.publicKey)
    const met = symmetric.mixSecret(e.secretKey, re) && symmetric.mixSecret(e.secretKey, rs)
    const sealed = met ? symmetric.encryptAndHash(s.publicKey) : undefined
    const proven = sealed !== undefined && symmetric.mixSecret(s.secretKey, re)
    e.secretKey.fill(0)
    if (!proven) return undefined
    return { message: concat(e.publicKey, sealed, symmetric.encryptAndHash(payload)), split: symmetric.split() }
  }
}
