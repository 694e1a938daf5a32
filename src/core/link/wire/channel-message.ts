// Channel messages: what DATA carries once its fragments are put together. Layout and its checks. Not who may send what
// (roster.ts), and not whether a kind 0 payload is JSON (isDataText is asked where messages are delivered).
//
//   01 JOIN id      02 PART id                      id = len(1) | 1–64 bytes [A-Za-z0-9_-]
//   03 BROADCAST source | seq(8) | kind(1) | payload
//   04 DIRECT    source | target | seq(8) | kind(1) | payload
//   kind 0: UTF-8 JSON text of the `data` member    kind 1: binary
import { isUtf8 } from 'node:buffer'
import { isJsonText } from '../../json-text.ts'
import { ascii, concat, latin1, readU64, u8, writeU64 } from '../../bytes.ts'
import { MAX_JSON_DEPTH } from '../constants.ts'
import { fault, type Fault } from '../result.ts'

const JOIN = 1
const PART = 2
const BROADCAST = 3
const DIRECT = 4
const MAX_ID_BYTES = 64

/** A peer of the sender's proxy has come or gone. */
export interface PresenceMessage {
  readonly type: 'join' | 'part'
  readonly id: string
}

/** A message of a peer, to all or to one. */
export interface PeerMessage {
  readonly type: 'broadcast' | 'direct'
  readonly source: string
  /** Set for `direct`. */
  readonly target: string | undefined
  /** 1 … 2^53 − 1. */
  readonly seq: number
  /** true: kind 1, bytes of any kind; false: kind 0, claimed to be JSON text. */
  readonly binary: boolean
  /** A view into the decoded bytes. */
  readonly payload: Buffer
}

export type ChannelMessage = PresenceMessage | PeerMessage

/** 1 for each byte that may stand in an id. */
const ID_BYTE = new Uint8Array(256)
for (const byte of ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')) ID_BYTE[byte] = 1

/** Ids that were read before, each at a place that follows from its bytes: to make a text again for each message is slow. */
const known: string[] = Array.from({ length: 256 }, () => '')

/** The id at `at`, or `undefined`. It takes id.length + 1 bytes. */
export function readId(bytes: Uint8Array, at: number): string | undefined {
  const length = bytes[at]
  if (length === undefined || length === 0 || length > MAX_ID_BYTES || at + 1 + length > bytes.length) return undefined
  const place = (bytes[at + 1]! * 31 + bytes[at + (length >> 1)]! * 7 + bytes[at + length]!) & 255
  const id = known[place]!
  if (id.length === length && spells(bytes, at + 1, id)) return id
  for (let i = at + 1; i <= at + length; i++) if (ID_BYTE[bytes[i]!] === 0) return undefined
  return (known[place] = latin1(bytes, at + 1, at + 1 + length))
}

function spells(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

const malformed = (): Fault => fault(1002, 'A channel message is malformed')

/** Reads a channel message that begins at `start`; total. Any malformed one ends the link. */
export function decodeChannelMessage(bytes: Uint8Array, start = 0): ChannelMessage | Fault {
  const type = bytes[start]
  if (type === undefined || type < JOIN || type > DIRECT) return malformed()
  const id = readId(bytes, start + 1)
  if (id === undefined) return malformed()
  let at = start + 2 + id.length
  if (type === JOIN || type === PART) {
    if (at !== bytes.length) return malformed()
    return { type: type === JOIN ? 'join' : 'part', id }
  }
  let target: string | undefined
  if (type === DIRECT) {
    target = readId(bytes, at)
    if (target === undefined) return malformed()
    at += 1 + target.length
  }
  if (at + 9 > bytes.length) return malformed()
  const seq = readU64(bytes, at)
  const kind = bytes[at + 8]!
  if (seq === undefined || seq === 0 || kind > 1) return malformed()
  return {
    type: type === DIRECT ? 'direct' : 'broadcast',
    source: id,
    target,
    seq,
    binary: kind === 1,
    payload: Buffer.from(bytes.buffer, bytes.byteOffset + at + 9, bytes.length - at - 9)
  }
}

function idBytes(id: string): Uint8Array {
  return concat(u8(id.length), ascii(id))
}

/** A JOIN or PART. */
export function encodePresence(type: PresenceMessage['type'], id: string): Uint8Array {
  return concat(u8(type === 'join' ? JOIN : PART), idBytes(id))
}

/**
 * What stands before the payload of a message; so that the payload, which goes to many links, is not copied for each.
 * @param target of a direct message; apart, because a copy of the message that has one costs more than all of the head
 */
export function encodePeerMessageHead(
  { source, seq, binary }: Pick<PeerMessage, 'source' | 'seq' | 'binary'>,
  target?: string
): Uint8Array {
  const ids = 1 + source.length + (target === undefined ? 0 : 1 + target.length)
  const head = new Uint8Array(1 + ids + 9)
  head[0] = target === undefined ? BROADCAST : DIRECT
  let at = writeId(head, 1, source)
  if (target !== undefined) at = writeId(head, at, target)
  writeU64(head, at, seq)
  head[at + 8] = binary ? 1 : 0
  return head
}

/** Writes an id with its length: the offset behind it. */
function writeId(bytes: Uint8Array, at: number, id: string): number {
  bytes[at] = id.length
  for (let i = 0; i < id.length; i++) bytes[at + 1 + i] = id.charCodeAt(i)
  return at + 1 + id.length
}

/**
 * True if a kind 0 payload may be spliced into an envelope: valid UTF-8 and exactly one JSON value with at most 128
 * arrays and objects open at once, nothing around it, not even white space. A byte order mark is no white space.
 */
export function isDataText(payload: Uint8Array): boolean {
  return isUtf8(payload) && isJsonText(payload, MAX_JSON_DEPTH)
}
