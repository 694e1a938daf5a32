// What the two ends of a file transfer say to each other in a channel, and nothing that they do. The receiver drives: it
// says from where on it wants bytes and how far the sender may go, so that no more is ever under way than it has room
// for, and a cut needs no agreement: the receiver asks again from where it is.
//
//   sender   → all or one   offer   {name, size, sha256}
//   receiver → a peer       seek    {}                                     what do you offer?
//   receiver → sender       want    {sha256, receiver, epoch, offset, until}
//   sender   → receiver     binary  "NWSF" | epoch u32 | offset u64 | bytes
//   receiver → sender       done    {sha256, receiver, ok}                 until it hears bye
//   sender   → receiver     bye     {sha256, receiver}
//   sender   → receiver     fail    {sha256}                               the file cannot be read, or has changed
//
// A `want` with a higher epoch starts again at `offset`; one with the same raises `until`. JSON messages are objects with
// `nwsFile: 1`. Whatever else comes is not for us.
import type { Data } from '../../client/wire.ts'

/** What is said in JSON. */
export type FileMessage =
  | { readonly do: 'offer'; readonly name: string; readonly size: number; readonly sha256: string }
  | { readonly do: 'seek' }
  | {
      readonly do: 'want'
      readonly sha256: string
      readonly receiver: string
      readonly epoch: number
      readonly offset: number
      readonly until: number
    }
  | { readonly do: 'done'; readonly sha256: string; readonly receiver: string; readonly ok: boolean }
  | { readonly do: 'bye'; readonly sha256: string; readonly receiver: string }
  | { readonly do: 'fail'; readonly sha256: string }

/** A part of a file. */
export interface Chunk {
  readonly epoch: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Bytes in one message: far below what any proxy takes, and enough for full speed. */
export const CHUNK_BYTES = 64 * 1024
/** Bytes that may be under way to one receiver: far below what a proxy or a link keeps for a slow reader. */
export const WINDOW_BYTES = 1024 * 1024

const MAGIC = Buffer.from('NWSF')
const HEAD_BYTES = 16
const MAX_NAME_CHARACTERS = 255

/** The JSON text of a message. */
export function encodeMessage(message: FileMessage): string {
  return JSON.stringify({ nwsFile: 1, ...message })
}

/** A part as bytes. */
export function encodeChunk({ epoch, offset, bytes }: Chunk): Uint8Array {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bytes.length)
  MAGIC.copy(frame)
  frame.writeUInt32BE(epoch, 4)
  frame.writeBigUInt64BE(BigInt(offset), 8)
  frame.set(bytes, HEAD_BYTES)
  return frame
}

/** Reads what a peer said; undefined: not of a file transfer, or malformed. */
export function decodeFileData(data: Data): FileMessage | Chunk | undefined {
  return 'bytes' in data ? decodeChunk(Buffer.from(data.bytes)) : decodeMessage(data.json)
}

function decodeChunk(frame: Buffer): Chunk | undefined {
  if (frame.length < HEAD_BYTES || !frame.subarray(0, 4).equals(MAGIC)) return undefined
  const offset = Number(frame.readBigUInt64BE(8))
  return isSize(offset) ? { epoch: frame.readUInt32BE(4), offset, bytes: frame.subarray(HEAD_BYTES) } : undefined
}

function decodeMessage(json: unknown): FileMessage | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { nwsFile, do: what, name, size, sha256, receiver, epoch, offset, until, ok } = json as Record<string, unknown>
  if (nwsFile !== 1) return undefined
  if (what === 'seek') return { do: what }
  if (!isHash(sha256)) return undefined
  if (what === 'fail') return { do: what, sha256 }
  if (what === 'offer')
    return typeof name === 'string' && name.length <= MAX_NAME_CHARACTERS && isSize(size)
      ? { do: what, name, size, sha256 }
      : undefined
  if (typeof receiver !== 'string' || !/^[a-z\d]{1,32}$/.test(receiver)) return undefined
  if (what === 'want')
    return isSize(epoch) && isSize(offset) && isSize(until)
      ? { do: what, sha256, receiver, epoch, offset, until }
      : undefined
  if (what === 'done') return typeof ok === 'boolean' ? { do: what, sha256, receiver, ok } : undefined
  return what === 'bye' ? { do: what, sha256, receiver } : undefined
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[\da-f]{64}$/.test(value)
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
