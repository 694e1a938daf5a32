// The frames of a batch: layout and total decoders. Messages of peers are laid out as on links (channel-message.ts in
// core/link). cluster.ts decides which frames count.
//
//   length(4) | type(1) | body
//   on the subject of a channel:
//   01 JOIN     version(4) | id              02 PART   version(4) | id            id = len(1) | 1–64 bytes
//   03 BROADCAST, 04 DIRECT                  as on links
//   10 ENTER    proxy(16) | challenge(16) | version(4) | ids        the sender now listens, and asks for the others' peers
//   11 LEAVE                                                        it listens no more; all its peers have left
//   12 DIGEST   proxy(16) | version(4) | count(4) | back(1)         back = 1: asks for the digests of the others
//   13 COUNT    number(4)      first in its batch: one more than that of the last batch of the sender on this subject
//   14 CHECK    number(4)      asks the others of the channel to answer when they have taken everything before it
//   on the inbox of a session (token: of the channel; 20 zero bytes ask for the proof alone):
//   20 ASK      token(20) | challenge(16)
//   21 SNAPSHOT token(20) | challenge(16) | proxy(16) | version(4) | ids          answers ENTER and ASK
//   22 MISSED   token(20)               a batch of the session that is told is missing
//   23 TAKEN    token(20) | number(4)   answers CHECK
//   24 LAST     token(20) | number(4)   after SNAPSHOT: the COUNT of the last batch of the sender in the channel
//   in the hall:
//   30 HERE     proxy(16) | interval(4)      31 GONE
//   anywhere:
//   40 FRAGMENT number(4) | index(2) | last(1) | part of a frame (type and body)
import { ascii, concat, readU16, readU32, u16, u32, u8, writeU32 } from '../bytes.ts'
import { readId } from '../link/wire/channel-message.ts'
import { CHALLENGE_BYTES, PROXY_ID_BYTES, TOKEN_BYTES } from './constants.ts'

export const frameType = {
  join: 0x01,
  part: 0x02,
  broadcast: 0x03,
  direct: 0x04,
  enter: 0x10,
  leave: 0x11,
  digest: 0x12,
  count: 0x13,
  check: 0x14,
  ask: 0x20,
  snapshot: 0x21,
  missed: 0x22,
  taken: 0x23,
  last: 0x24,
  here: 0x30,
  gone: 0x31,
  fragment: 0x40
} as const

/** COUNT in a batch: length(4) type(1) number(4). */
export const COUNT_BYTES = 9
/** length(4) type(1) number(4) index(2) last(1). */
export const FRAGMENT_HEAD_BYTES = 12

/** The local peers of a proxy in one channel. The version rises by one with each JOIN and PART. */
export interface PresenceState {
  /** 16 bytes. */
  readonly proxy: Uint8Array
  readonly version: number
  readonly ids: readonly string[]
}

export type Frame =
  | { readonly type: 'join' | 'part'; readonly version: number; readonly id: string }
  /** BROADCAST or DIRECT; decodeChannelMessage() reads it. */
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  | { readonly type: 'enter'; readonly challenge: Uint8Array; readonly state: PresenceState }
  | { readonly type: 'leave' | 'gone' }
  | {
      readonly type: 'digest'
      readonly proxy: Uint8Array
      readonly version: number
      readonly count: number
      readonly back: boolean
    }
  | { readonly type: 'count' | 'check'; readonly number: number }
  | { readonly type: 'missed'; readonly token: Uint8Array }
  | { readonly type: 'taken' | 'last'; readonly token: Uint8Array; readonly number: number }
  | { readonly type: 'ask'; readonly token: Uint8Array; readonly challenge: Uint8Array }
  | {
      readonly type: 'snapshot'
      readonly token: Uint8Array
      readonly challenge: Uint8Array
      readonly state: PresenceState
    }
  | { readonly type: 'here'; readonly proxy: Uint8Array; readonly intervalMs: number }
  | {
      readonly type: 'fragment'
      readonly number: number
      readonly index: number
      readonly last: boolean
      readonly part: Uint8Array
    }

export function encodeFrame(frame: Exclude<Frame, { type: 'message' }>): Uint8Array {
  switch (frame.type) {
    case 'join':
    case 'part':
      return concat(u8(frameType[frame.type]), u32(frame.version), encodeIds([frame.id]))
    case 'enter':
      return concat(
        u8(frameType.enter),
        frame.state.proxy,
        frame.challenge,
        u32(frame.state.version),
        encodeIds(frame.state.ids)
      )
    case 'leave':
    case 'gone':
      return u8(frameType[frame.type])
    case 'digest':
      return concat(u8(frameType.digest), frame.proxy, u32(frame.version), u32(frame.count), u8(frame.back ? 1 : 0))
    case 'count':
    case 'check':
      return concat(u8(frameType[frame.type]), u32(frame.number))
    case 'missed':
      return concat(u8(frameType.missed), frame.token)
    case 'taken':
    case 'last':
      return concat(u8(frameType[frame.type]), frame.token, u32(frame.number))
    case 'ask':
      return concat(u8(frameType.ask), frame.token, frame.challenge)
    case 'snapshot':
      return concat(
        u8(frameType.snapshot),
        frame.token,
        frame.challenge,
        frame.state.proxy,
        u32(frame.state.version),
        encodeIds(frame.state.ids)
      )
    case 'here':
      return concat(u8(frameType.here), frame.proxy, u32(frame.intervalMs))
    default:
      return concat(u8(frameType.fragment), u32(frame.number), u16(frame.index), u8(frame.last ? 1 : 0), frame.part)
  }
}

/** A batch of frames, each given in parts. */
export function encodeBatch(frames: readonly (readonly Uint8Array[])[]): Uint8Array {
  let length = 0
  for (const parts of frames) {
    length += 4
    for (const part of parts) length += part.length
  }
  const batch = new Uint8Array(length)
  let at = 0
  for (const parts of frames) {
    const head = at
    at += 4
    for (const part of parts) {
      batch.set(part, at)
      at += part.length
    }
    writeU32(batch, head, at - head - 4)
  }
  return batch
}

/** The frames of a batch, type and body each, as views. Ends at the first malformed one. */
export function* framesOf(batch: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 4 <= batch.length;) {
    const length = readU32(batch, at)
    if (length === 0 || at + 4 + length > batch.length) return
    yield batch.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
}

/** Reads type and body; `undefined` for malformed frames and unknown types. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const body = bytes.subarray(1)
  switch (bytes[0]) {
    case frameType.broadcast:
    case frameType.direct:
      return { type: 'message', bytes }
    case frameType.join:
    case frameType.part: {
      const id = readId(body, 4)
      if (id === undefined || body.length !== 5 + id.length) return undefined
      return { type: bytes[0] === frameType.join ? 'join' : 'part', version: readU32(body, 0), id }
    }
    case frameType.enter: {
      const state = readState(body, 0, PROXY_ID_BYTES + CHALLENGE_BYTES)
      return (
        state && { type: 'enter', challenge: body.subarray(PROXY_ID_BYTES, PROXY_ID_BYTES + CHALLENGE_BYTES), state }
      )
    }
    case frameType.leave:
      return body.length === 0 ? { type: 'leave' } : undefined
    case frameType.digest: {
      if (body.length !== PROXY_ID_BYTES + 9) return undefined
      const at = PROXY_ID_BYTES
      return {
        type: 'digest',
        proxy: body.subarray(0, at),
        version: readU32(body, at),
        count: readU32(body, at + 4),
        back: body[at + 8] === 1
      }
    }
    case frameType.count:
    case frameType.check:
      if (body.length !== 4) return undefined
      return { type: bytes[0] === frameType.count ? 'count' : 'check', number: readU32(body, 0) }
    case frameType.missed:
      return body.length === TOKEN_BYTES ? { type: 'missed', token: body } : undefined
    case frameType.taken:
    case frameType.last:
      if (body.length !== TOKEN_BYTES + 4) return undefined
      return {
        type: bytes[0] === frameType.taken ? 'taken' : 'last',
        token: body.subarray(0, TOKEN_BYTES),
        number: readU32(body, TOKEN_BYTES)
      }
    case frameType.ask:
      if (body.length !== TOKEN_BYTES + CHALLENGE_BYTES) return undefined
      return { type: 'ask', token: body.subarray(0, TOKEN_BYTES), challenge: body.subarray(TOKEN_BYTES) }
    case frameType.snapshot: {
      const proxyAt = TOKEN_BYTES + CHALLENGE_BYTES
      const state = readState(body, proxyAt, proxyAt + PROXY_ID_BYTES)
      return (
        state && {
          type: 'snapshot',
          token: body.subarray(0, TOKEN_BYTES),
          challenge: body.subarray(TOKEN_BYTES, proxyAt),
          state
        }
      )
    }
    case frameType.here:
      if (body.length !== PROXY_ID_BYTES + 4) return undefined
      return { type: 'here', proxy: body.subarray(0, PROXY_ID_BYTES), intervalMs: readU32(body, PROXY_ID_BYTES) }
    case frameType.gone:
      return body.length === 0 ? { type: 'gone' } : undefined
    case frameType.fragment:
      if (body.length < 8) return undefined
      return {
        type: 'fragment',
        number: readU32(body, 0),
        index: readU16(body, 4),
        last: body[6] === 1,
        part: body.subarray(7)
      }
    default:
      return undefined
  }
}

function encodeIds(ids: readonly string[]): Uint8Array {
  return ascii(ids.map(id => String.fromCharCode(id.length) + id).join(''))
}

function readState(body: Uint8Array, proxyAt: number, versionAt: number): PresenceState | undefined {
  if (body.length < versionAt + 4) return undefined
  const ids: string[] = []
  for (let at = versionAt + 4; at < body.length;) {
    const id = readId(body, at)
    if (id === undefined) return undefined
    ids.push(id)
    at += 1 + id.length
  }
  return { proxy: body.subarray(proxyAt, proxyAt + PROXY_ID_BYTES), version: readU32(body, versionAt), ids }
}
