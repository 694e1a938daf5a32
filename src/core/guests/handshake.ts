// Noise_NNpsk0_25519_ChaChaPoly_SHA512: the handshake between a page of a guest and its proxy. Both have the secret of the
// invitation before it begins. Neither has a lasting key.
//
//   G0 guest→proxy  e(32) | AEAD("")(16)                 48 bytes
//   G1 proxy→guest  e(32) | AEAD(payload)                48 bytes and the payload
import { ascii, concat } from '../bytes.ts'
import type { NoisePrimitives, X25519KeyPair } from '../link/primitives.ts'
import { KEY_BYTES, SymmetricState, type NoiseSplit } from '../link/wire/noise.ts'

const PROTOCOL = 'Noise_NNpsk0_25519_ChaChaPoly_SHA512'
export const PROLOGUE = ascii('NWS3/guest')
/** Bytes of the secret of an invitation. */
export const SECRET_BYTES = 16
/** Bytes of the id of an invitation. */
const ID_BYTES = 8

/** The key that both sides have before the handshake. */
export function pskOf(primitives: NoisePrimitives, secret: Uint8Array): Uint8Array {
  return primitives.sha512(concat(ascii('NWS3/guest'), secret)).slice(0, KEY_BYTES)
}

/** The public id of an invitation: 16 hexadecimal digits. The secret cannot be computed from it. */
export function invitationId(primitives: NoisePrimitives, secret: Uint8Array): string {
  const hash = primitives.sha512(concat(ascii('NWS3/guest-id'), secret)).subarray(0, ID_BYTES)
  return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** The parts of a handshake. */
export interface GuestHandshake {
  readonly primitives: NoisePrimitives
  /** 32 bytes. */
  readonly psk: Uint8Array
  /** The key pair of this handshake alone. */
  readonly e: X25519KeyPair
  /** PROLOGUE, but for public vectors. */
  readonly prologue?: Uint8Array
}

function begin({ primitives, psk, prologue = PROLOGUE }: GuestHandshake): SymmetricState {
  const symmetric = new SymmetricState(primitives, PROTOCOL, prologue)
  symmetric.mixKeyAndHash(psk)
  return symmetric
}

/** The token `e` of a pattern with a psk: the public key goes into hash and key (Noise §9.2). */
function mixPublicKey(symmetric: SymmetricState, key: Uint8Array): void {
  symmetric.mixHash(key)
  symmetric.mixKey(key)
}

/** The page: `write` once, then `read` once. */
export class GuestInitiator {
  readonly #symmetric: SymmetricState
  readonly #e: X25519KeyPair

  constructor(handshake: GuestHandshake) {
    this.#symmetric = begin(handshake)
    this.#e = handshake.e
  }

  /** G0. */
  write(payload: Uint8Array = new Uint8Array(0)): Uint8Array {
    mixPublicKey(this.#symmetric, this.#e.publicKey)
    return concat(this.#e.publicKey, this.#symmetric.encryptAndHash(payload))
  }

  /** Reads G1; undefined if the proxy does not have the secret. */
  read(message: Uint8Array): { readonly payload: Uint8Array; readonly split: NoiseSplit } | undefined {
    if (message.length < KEY_BYTES) return undefined
    const re = message.subarray(0, KEY_BYTES)
    mixPublicKey(this.#symmetric, re)
    const met = this.#symmetric.mixSecret(this.#e.secretKey, re)
    this.#e.secretKey.fill(0)
    const payload = met ? this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES)) : undefined
    return payload && { payload, split: this.#symmetric.split() }
  }
}

/** The proxy: `read` once, then `write` once. */
export class GuestResponder {
  readonly #symmetric: SymmetricState
  readonly #e: X25519KeyPair
  #re: Uint8Array | undefined

  constructor(handshake: GuestHandshake) {
    this.#symmetric = begin(handshake)
    this.#e = handshake.e
  }

  /**
   * Reads G0. Someone may have recorded it, so only the first record proves that the guest is there.
   *
   * @returns the payload; undefined if the guest does not have the secret
   */
  read(message: Uint8Array): Uint8Array | undefined {
    if (message.length < KEY_BYTES) return undefined
    this.#re = message.slice(0, KEY_BYTES)
    mixPublicKey(this.#symmetric, this.#re)
    return this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES))
  }

  /** G1; undefined if the key of the guest gives an all-zero secret. */
  write(payload: Uint8Array): { readonly message: Uint8Array; readonly split: NoiseSplit } | undefined {
    if (this.#re === undefined) return undefined
    mixPublicKey(this.#symmetric, this.#e.publicKey)
    const met = this.#symmetric.mixSecret(this.#e.secretKey, this.#re)
    this.#e.secretKey.fill(0)
    if (!met) return undefined
    const message = concat(this.#e.publicKey, this.#symmetric.encryptAndHash(payload))
    return { message, split: this.#symmetric.split() }
  }
}
