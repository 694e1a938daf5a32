// One message of the broker: a sealed batch of frames (frames.ts).
//
//   version(1) = 1 | epoch(4) | session(16) | number(8) | ciphertext | tag(16)
// XChaCha20-Poly1305 with the key of the epoch, the nonce session | number, and as associated data the first 29 bytes and
// the subject. Each run of a proxy has a random session, and each batch the next number: no nonce repeats.
import { ascii, concat, readU32, readU64, writeU32, writeU64 } from '../bytes.ts'
import { HEADER_BYTES, SESSION_BYTES, TAG_BYTES, WIRE_VERSION } from './constants.ts'
import type { ClusterPrimitives } from './primitives.ts'
import type { Realm } from './realm.ts'

const SESSION_AT = 5
const NUMBER_AT = SESSION_AT + SESSION_BYTES

/** The clear text of a sealed batch. */
export interface BatchHeader {
  readonly epoch: number
  /** A view. */
  readonly session: Uint8Array
  readonly number: number
}

/** The inner nonce of XChaCha20: four zero bytes and the last eight of the outer nonce. */
function innerNonce(bytes: Uint8Array, at: number): Uint8Array {
  const nonce = new Uint8Array(12)
  for (let i = 0; i < 8; i++) nonce[4 + i] = bytes[at + i]!
  return nonce
}

/** Seals the frames of one batch. A session uses each number once. */
export function sealBatch(
  primitives: ClusterPrimitives,
  realm: Realm,
  subject: string,
  { epoch, session, number }: BatchHeader,
  frames: Uint8Array
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = WIRE_VERSION
  writeU32(header, 1, epoch)
  header.set(session, SESSION_AT)
  writeU64(header, NUMBER_AT, number)
  const sealed = primitives.aeadSeal(
    realm.subkey(epoch, session, true),
    innerNonce(header, NUMBER_AT),
    concat(header, ascii(subject)),
    frames
  )
  return concat(header, sealed)
}

/** The header of a batch, not authentic yet; `undefined` for other versions and malformed batches. */
export function readHeader(batch: Uint8Array): BatchHeader | undefined {
  if (batch.length < HEADER_BYTES + TAG_BYTES || batch[0] !== WIRE_VERSION) return undefined
  const number = readU64(batch, NUMBER_AT)
  if (number === undefined) return undefined
  return { epoch: readU32(batch, 1), session: batch.subarray(SESSION_AT, NUMBER_AT), number }
}

/** The frames of a batch; `undefined` if it is not sealed with this secret for this subject. */
export function openBatch(
  primitives: ClusterPrimitives,
  realm: Realm,
  subject: string,
  { epoch, session }: BatchHeader,
  batch: Uint8Array,
  known: boolean
): Uint8Array | undefined {
  const ad = concat(batch.subarray(0, HEADER_BYTES), ascii(subject))
  return primitives.aeadOpen(
    realm.subkey(epoch, session, known),
    innerNonce(batch, NUMBER_AT),
    ad,
    batch.subarray(HEADER_BYTES)
  )
}
