// W0 and W1, the first message each way on a link, and the values that both ends derive from them. Not the Noise
// pattern itself (noise.ts), not the HELLO frames, and no connection: bytes in, bytes out.
//
//   W0 I→R  "NWS2"(4) | id_I(16) | id_R(16) | e_I(32)     68 bytes; id_R = 16 zero bytes when unknown
//   W1 R→I  e_R(32) | AEAD("")(16)                        48 bytes
import { ascii, compare, concat, isZero, lv } from '../bytes.ts'
import { mac } from './mac.ts'
import { NoiseInitiator, NoiseResponder, type CipherState, type NoiseSplit } from './noise.ts'
import type { LinkPrimitives } from './primitives.ts'
import { done, fault, type StepResult } from './step-result.ts'

/** Which end of a link: I dialled, R listened. */
export type LinkRole = 'I' | 'R'

export const W0_BYTES = 68
export const W1_BYTES = 48
export const ID_BYTES = 16
const MAGIC = ascii('NWS2')
const PROLOGUE_BYTES = 36
const NOTHING = new Uint8Array(0)

/** What a finished handshake leaves to the link. */
export interface LinkKeys {
  /** The handshake hash, 64 bytes; public. */
  readonly h: Uint8Array
  /** k_same of §5.6, 32 bytes; secret. Made from the final chaining key, which is erased by then. */
  readonly sameKey: Uint8Array
  /** Cipher of what this end sends. */
  readonly send: CipherState
  /** Cipher of what this end receives. */
  readonly receive: CipherState
}

/** Derives what lasts from a split, and erases its chaining key. */
function keysOf(primitives: LinkPrimitives, split: NoiseSplit, role: LinkRole): LinkKeys {
  const sameKey = mac(primitives, split.ck, ascii('NWS2/same-key'))
  split.ck.fill(0)
  const { h, c1, c2 } = split
  return role === 'I' ? { h, sameKey, send: c1, receive: c2 } : { h, sameKey, send: c2, receive: c1 }
}

/** The dialling end of one handshake. */
export class HandshakeInitiator {
  /** The first message to send, 68 bytes. */
  readonly w0: Uint8Array
  readonly #primitives: LinkPrimitives
  readonly #noise: NoiseInitiator

  /**
   * @param ownId this proxy's id, 16 bytes
   * @param dialledId the id that is expected there, 16 bytes; `undefined` for a static peer or a dial by the larger id
   * @param ephemeral 32 random bytes, for tests with vectors
   */
  constructor(
    primitives: LinkPrimitives,
    ownId: Uint8Array,
    dialledId?: Uint8Array,
    ephemeral = primitives.randomBytes(32)
  ) {
    this.#primitives = primitives
    const prologue = concat(MAGIC, ownId, dialledId ?? new Uint8Array(ID_BYTES))
    this.#noise = new NoiseInitiator(primitives, prologue, ephemeral)
    this.w0 = concat(prologue, this.#noise.write(NOTHING))
  }

  /** Takes W1. A fault ends the connection without a word (no reason is sent before HELLO). */
  finish(w1: Uint8Array): StepResult<LinkKeys> {
    if (w1.length !== W1_BYTES) return fault(1002, 'W1 has a wrong length')
    const read = this.#noise.read(w1)
    if (read === undefined) return fault(1008, 'W1 fails its check')
    return done(keysOf(this.#primitives, read.split, 'I'))
  }

  /** Overwrites the ephemeral key of a handshake that is given up. */
  erase(): void {
    this.#noise.erase()
  }
}

/** What the listening end knows after W0. */
export interface Accepted {
  /** The answer to send, 48 bytes. */
  readonly w1: Uint8Array
  /** The id that the dialler claims; only a claim. */
  readonly idI: Uint8Array
  /** Whether the dialler named our id in W0; false for a static peer or a dial by the larger id. */
  readonly dialledById: boolean
  readonly keys: LinkKeys
}

/**
 * The listening end: takes W0, gives W1. A fault ends the TCP connection silently.
 * @param ownId this proxy's id, 16 bytes
 * @param ephemeral 32 random bytes, for tests with vectors
 */
export function acceptHandshake(
  primitives: LinkPrimitives,
  ownId: Uint8Array,
  w0: Uint8Array,
  ephemeral = primitives.randomBytes(32)
): StepResult<Accepted> {
  if (w0.length !== W0_BYTES) return fault(1002, 'W0 has a wrong length')
  if (compare(w0.subarray(0, 4), MAGIC) !== 0) return fault(1002, 'W0 has a wrong magic')
  const idI = w0.slice(4, 20)
  const idR = w0.subarray(20, PROLOGUE_BYTES)
  if (isZero(idI)) return fault(1002, 'W0 comes from no id')
  if (compare(idI, ownId) === 0) return fault(1002, 'W0 comes from this proxy')
  const dialledById = !isZero(idR)
  if (dialledById && compare(idR, ownId) !== 0) return fault(1002, 'W0 is for another id')
  // Only the smaller id dials by id; the larger one, where it must dial, leaves id_R zero.
  if (dialledById && compare(idI, ownId) > 0) return fault(1002, 'W0 dials by id from the larger id')

  const noise = new NoiseResponder(primitives, w0.subarray(0, PROLOGUE_BYTES), ephemeral)
  noise.read(w0.subarray(PROLOGUE_BYTES))
  const written = noise.write(NOTHING)
  if (written === undefined) return fault(1008, 'W0 has a key without a secret')
  return done({ w1: written.message, idI, dialledById, keys: keysOf(primitives, written.split, 'R') })
}

/**
 * L of §5.3, 64 bytes: binds all that follows to this handshake and to both HELLOs.
 * @param helloI the 25 bytes of the initiator's HELLO body as sent
 * @param helloR the 25 bytes of the responder's
 */
export function linkTranscript(
  primitives: LinkPrimitives,
  h: Uint8Array,
  helloI: Uint8Array,
  helloR: Uint8Array
): Uint8Array {
  return primitives.sha512(lv(ascii('NWS2/link'), h, helloI, helloR))
}

/**
 * The token of SAME (§5.6), 32 bytes. Compare with LinkPrimitives.equal.
 * @param sameKey k_same of the *other* link
 * @param L of the link that it is sent on
 * @param role of its sender on the link that it is sent on
 */
export function sameToken(primitives: LinkPrimitives, sameKey: Uint8Array, L: Uint8Array, role: LinkRole): Uint8Array {
  return mac(primitives, sameKey, lv(ascii('NWS2/same'), L, ascii(role)))
}

/**
 * What proves that the speaker was at one end of another link, and has ended it.
 * @param sameKey k_same of the *other* link
 * @param L of the link on which it is sent
 * @param role of the sender there
 */
export function overToken(primitives: LinkPrimitives, sameKey: Uint8Array, L: Uint8Array, role: LinkRole): Uint8Array {
  return mac(primitives, sameKey, lv(ascii('NWS2/over'), L, ascii(role)))
}

/**
 * What says of a link, outside of it, that the speaker is at one of its ends: only the two ends know `sameKey`.
 *
 * @param role of the speaker on that link
 * @returns 16 bytes
 */
export function outsideToken(
  primitives: LinkPrimitives,
  sameKey: Uint8Array,
  L: Uint8Array,
  role: LinkRole
): Uint8Array {
  return mac(primitives, sameKey, lv(ascii('NWS2/outside'), L, ascii(role))).slice(0, 16)
}
