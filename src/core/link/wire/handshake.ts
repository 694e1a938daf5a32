// W0 and W1, the first message each way on a link, and the values that both ends derive from them. Not the Noise
// pattern itself (noise.ts), not the HELLO frames, and no connection: bytes in, bytes out.
//
//   W0 I→R  "NWS3"(4) | id_R(16) | e_I(32) | s_I(32)      84 bytes; id_R = 16 zero bytes if any id will do
//   W1 R→I  e_R(32) | AEAD(s_R)(48) | AEAD("")(16)        96 bytes
import { ascii, compare, concat, isZero, lv } from '../../bytes.ts'
import { NoiseInitiator, NoiseResponder, type CipherState, type NoiseSplit } from './noise.ts'
import type { LinkPrimitives, X25519KeyPair } from '../primitives.ts'
import { done, fault, type Result } from '../result.ts'

/** Which end of a link: I dialled, R listened. */
export type LinkRole = 'I' | 'R'

export const W0_BYTES = 84
export const W1_BYTES = 96
export const ID_BYTES = 16
/** The first bytes on a connection; the only mark of the version. */
export const MAGIC = ascii('NWS3')
const PROLOGUE_BYTES = 20
const NOTHING = new Uint8Array(0)

/** The identity of a proxy, for one run. */
export interface Identity {
  readonly keys: X25519KeyPair
  /** 16 bytes. */
  readonly id: Uint8Array
}

/** The id of a public key: the first 16 bytes of H("NWS3/id" | key). */
export function idOf(primitives: LinkPrimitives, publicKey: Uint8Array): Uint8Array {
  return primitives.sha512(concat(ascii('NWS3/id'), publicKey)).slice(0, ID_BYTES)
}

/** A new identity. @param secretKey 32 random bytes */
export function createIdentity(primitives: LinkPrimitives, secretKey = primitives.randomBytes(32)): Identity {
  const keys = primitives.x25519KeyPair(secretKey)
  return { keys, id: idOf(primitives, keys.publicKey) }
}

/** The result of a finished handshake for the link. */
export interface LinkKeys {
  /** The handshake hash, 64 bytes; public. */
  readonly h: Uint8Array
  /** The id of the other end's key. I has proof of it; R has it when the first record of I opens. */
  readonly remoteId: Uint8Array
  /** Cipher of what this end sends. */
  readonly send: CipherState
  /** Cipher of what this end receives. */
  readonly receive: CipherState
}

function keysOf({ h, c1, c2 }: NoiseSplit, remoteId: Uint8Array, role: LinkRole): LinkKeys {
  return role === 'I' ? { h, remoteId, send: c1, receive: c2 } : { h, remoteId, send: c2, receive: c1 }
}

/** The dialling end of one handshake. */
export class HandshakeInitiator {
  /** The first message to send, 84 bytes. */
  readonly w0: Uint8Array
  readonly #primitives: LinkPrimitives
  readonly #ownId: Uint8Array
  readonly #dialledId: Uint8Array | undefined
  readonly #noise: NoiseInitiator

  /**
   * @param dialledId the id that must answer, 16 bytes; `undefined` if any will do
   * @param ephemeral 32 random bytes, for tests with vectors
   */
  constructor(
    primitives: LinkPrimitives,
    { keys, id }: Identity,
    dialledId?: Uint8Array,
    ephemeral = primitives.randomBytes(32)
  ) {
    this.#primitives = primitives
    this.#ownId = id
    this.#dialledId = dialledId
    const prologue = concat(MAGIC, dialledId ?? new Uint8Array(ID_BYTES))
    this.#noise = new NoiseInitiator(primitives, prologue, { s: keys, e: primitives.x25519KeyPair(ephemeral) })
    this.w0 = concat(prologue, this.#noise.write(NOTHING))
  }

  /** Takes W1. A fault ends the connection without a word: no reason is sent before HELLO. */
  finish(w1: Uint8Array): Result<LinkKeys> {
    if (w1.length !== W1_BYTES) return fault(1002, 'W1 has a wrong length')
    const read = this.#noise.read(w1)
    if (read === undefined) return fault(1008, 'W1 fails its check')
    const remoteId = idOf(this.#primitives, read.rs)
    if (this.#dialledId !== undefined && compare(remoteId, this.#dialledId) !== 0)
      return fault(1002, 'Another id answers than was dialled')
    if (compare(remoteId, this.#ownId) === 0) return fault(1002, 'This proxy answers itself')
    return done(keysOf(read.split, remoteId, 'I'))
  }

  /** Overwrites the ephemeral key of a handshake that is given up. */
  erase(): void {
    this.#noise.erase()
  }
}

/** The knowledge of the listening end after W0. */
export interface Accepted {
  /** The answer to send, 96 bytes. */
  readonly w1: Uint8Array
  readonly keys: LinkKeys
}

/**
 * The listening end: takes W0, gives W1. A fault ends the TCP connection silently.
 * @param ephemeral 32 random bytes, for tests with vectors
 */
export function acceptHandshake(
  primitives: LinkPrimitives,
  { keys, id }: Identity,
  w0: Uint8Array,
  ephemeral = primitives.randomBytes(32)
): Result<Accepted> {
  if (w0.length !== W0_BYTES) return fault(1002, 'W0 has a wrong length')
  if (compare(w0.subarray(0, 4), MAGIC) !== 0) return fault(1002, 'W0 has a wrong magic')
  const idR = w0.subarray(4, PROLOGUE_BYTES)
  if (!isZero(idR) && compare(idR, id) !== 0) return fault(1002, 'W0 is for another id')

  const noise = new NoiseResponder(primitives, w0.subarray(0, PROLOGUE_BYTES), {
    s: keys,
    e: primitives.x25519KeyPair(ephemeral)
  })
  const { rs } = noise.read(w0.subarray(PROLOGUE_BYTES))!
  const remoteId = idOf(primitives, rs)
  if (compare(remoteId, id) === 0) return fault(1002, 'W0 comes from this proxy')
  const written = noise.write(NOTHING)
  if (written === undefined) return fault(1008, 'W0 has a key without a secret')
  return done({ w1: written.message, keys: keysOf(written.split, remoteId, 'R') })
}

/**
 * L, 64 bytes: binds all that follows to this handshake and to both HELLOs.
 * @param helloI the initiator's HELLO body as sent
 * @param helloR the responder's
 */
export function linkTranscript(
  primitives: LinkPrimitives,
  h: Uint8Array,
  helloI: Uint8Array,
  helloR: Uint8Array
): Uint8Array {
  return primitives.sha512(lv(ascii('NWS3/link'), h, helloI, helloR))
}
