// A part of a file as bytes: a mark that no other binary message begins with, the stream that the receiver asked for, and
// the offset in the file. Each transport has a frame of its own around it.
//
//   "\0NWSFILE" | stream u32 | offset u64 | bytes

/** Bytes before those of the file. */
export const CHUNK_HEAD_BYTES = 20
/**
 * Bytes of a file in one message: enough for full speed, far below what any proxy takes, and with all heads no more than two
 * messages of a link.
 */
export const CHUNK_BYTES = 127 * 1024
/** A receiver says at least so often how far it is, so two such parts have to be allowed under way. Bytes. */
export const GRANT_BYTES = CHUNK_BYTES
export const MIN_WINDOW_BYTES = GRANT_BYTES + CHUNK_BYTES

const MARK = Uint8Array.from('\0NWSFILE', character => character.charCodeAt(0))
const TWO_32 = 2 ** 32

/** A part of a file. */
export interface Chunk {
  readonly stream: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Writes the head into the beginning of a message. */
export function writeChunkHead(message: Uint8Array, stream: number, offset: number): void {
  message.set(MARK)
  const view = new DataView(message.buffer, message.byteOffset)
  view.setUint32(8, stream)
  view.setUint32(12, Math.floor(offset / TWO_32))
  view.setUint32(16, offset % TWO_32)
}

/** Whether a binary message belongs to a transfer. */
export function isChunk(message: Uint8Array): boolean {
  return message.length >= CHUNK_HEAD_BYTES && MARK.every((byte, index) => message[index] === byte)
}

/** Reads a binary message; undefined: not a part of a file. */
export function decodeChunk(message: Uint8Array): Chunk | undefined {
  if (!isChunk(message)) return undefined
  const view = new DataView(message.buffer, message.byteOffset)
  const offset = view.getUint32(12) * TWO_32 + view.getUint32(16)
  return Number.isSafeInteger(offset)
    ? { stream: view.getUint32(8), offset, bytes: message.subarray(CHUNK_HEAD_BYTES) }
    : undefined
}
