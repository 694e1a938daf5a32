// The messages between a client and the rendezvous. Reading is total: every text becomes a request or a coded fault.
//
// Every message is {"type": …, "data": …}. The spelling of the first generation stays, even `spd`.
import type { ErrorCode } from '../errors.ts'
import { textFrame } from '../websocket-frame.ts'
import { isPassword, isRoomName } from './names.ts'

/** Largest message, bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024
/** Highest id of a peer, as in the first generation. */
export const MAX_PEER_ID = 9_999_999_999_999

/** The requests of a client. */
export type ClientMessage =
  | { readonly type: 'login'; readonly user: string; readonly password: string; readonly page: string | undefined }
  | { readonly type: 'login'; readonly session: string; readonly page: string | undefined }
  | { readonly type: 'ping' }
  | { readonly type: 'inviteUser'; readonly email: string }
  | { readonly type: 'requestToken'; readonly name: string }
  | { readonly type: 'claimToken'; readonly name: string; readonly token: string }
  | { readonly type: 'userRemove'; readonly name: string }
  | { readonly type: 'sessionList' }
  | { readonly type: 'sessionEnd'; readonly id: string | undefined }
  | { readonly type: 'passwordChange'; readonly old: string; readonly password: string }
  | { readonly type: 'accountDelete'; readonly password: string }
  | { readonly type: 'roomJoin' | 'roomLeave'; readonly room: string }
  | RelayedMessage

/** The part of a message that goes to another client. */
export type RelayedMessage =
  | { readonly type: 'peerRequest' | 'peerResponse'; readonly to: number; readonly sdp: string }
  | { readonly type: 'peerCandidate'; readonly to: number; readonly candidate: Candidate | null }

/** An ICE candidate in the form of browsers. */
export interface Candidate {
  readonly candidate: string
  readonly sdpMid?: string | null
  readonly sdpMLineIndex?: number | null
  readonly usernameFragment?: string | null
}

/** Types of requests. */
export type ClientType = ClientMessage['type']

/** Why a message is no request. `type` is set if it could be read. */
export interface Fault {
  readonly fault: ErrorCode
  readonly type?: ClientType
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The id of a peer. Clients may write it as a number or as decimal text. */
export function readPeerId(value: unknown): number | undefined {
  const id = typeof value === 'string' && /^(?:0|[1-9]\d{0,12})$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) <= MAX_PEER_ID ? (id as number) : undefined
}

const isTextOrNull = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || typeof value === 'string'
const isIndexOrNull = (value: unknown): value is number | null | undefined =>
  value === undefined || value === null || Number.isSafeInteger(value)

function readCandidate(value: unknown): Candidate | null | undefined {
  if (value === null) return null
  if (!isObject(value)) return undefined
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = value
  if (
    typeof candidate !== 'string' ||
    !isTextOrNull(sdpMid) ||
    !isIndexOrNull(sdpMLineIndex) ||
    !isTextOrNull(usernameFragment)
  )
    return undefined
  return {
    candidate,
    ...(sdpMid === undefined ? {} : { sdpMid }),
    ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
    ...(usernameFragment === undefined ? {} : { usernameFragment })
  }
}

function readDescription(type: 'peerRequest' | 'peerResponse', { to: target, spd }: Fields): ClientMessage | undefined {
  const to = readPeerId(target)
  if (to === undefined || !isObject(spd) || typeof spd['sdp'] !== 'string') return undefined
  return spd['type'] === (type === 'peerRequest' ? 'offer' : 'answer') ? { type, to, sdp: spd['sdp'] } : undefined
}

function readRoom(type: 'roomJoin' | 'roomLeave', { room }: Fields): ClientMessage | undefined {
  return isRoomName(room) ? { type, room } : undefined
}

/** A reader for each type. It returns undefined if the data has a wrong form. */
const readers: { readonly [Type in ClientType]: (data: Fields) => ClientMessage | undefined } = {
  login: ({ user, password, session, page: given }) => {
    const page = typeof given === 'string' && given.length <= 100 ? given : undefined
    if (session !== undefined)
      return typeof session === 'string' && session.length <= 100 ? { type: 'login', session, page } : undefined
    return typeof user === 'string' && user.length <= 1000 && isPassword(password)
      ? { type: 'login', user, password, page }
      : undefined
  },
  ping: () => ({ type: 'ping' }),
  inviteUser: ({ email }) => (typeof email === 'string' ? { type: 'inviteUser', email } : undefined),
  requestToken: ({ name }) => (typeof name === 'string' ? { type: 'requestToken', name } : undefined),
  claimToken: ({ name, token }) =>
    typeof name === 'string' && typeof token === 'string' ? { type: 'claimToken', name, token } : undefined,
  userRemove: ({ name }) => (typeof name === 'string' ? { type: 'userRemove', name } : undefined),
  sessionList: () => ({ type: 'sessionList' }),
  sessionEnd: ({ id }) =>
    id === undefined || (typeof id === 'string' && id.length <= 100) ? { type: 'sessionEnd', id } : undefined,
  passwordChange: ({ old, password }) =>
    isPassword(old) && isPassword(password) ? { type: 'passwordChange', old, password } : undefined,
  accountDelete: ({ password }) => (isPassword(password) ? { type: 'accountDelete', password } : undefined),
  roomJoin: data => readRoom('roomJoin', data),
  roomLeave: data => readRoom('roomLeave', data),
  peerRequest: data => readDescription('peerRequest', data),
  peerResponse: data => readDescription('peerResponse', data),
  peerCandidate: ({ to: target, candidate: given }) => {
    const to = readPeerId(target)
    const candidate = readCandidate(given)
    return to === undefined || candidate === undefined ? undefined : { type: 'peerCandidate', to, candidate }
  }
}

/** Reads a message of a client. @param text the text of one frame */
export function decodeClientMessage(text: string): ClientMessage | Fault {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return { fault: 'NWS_ERR_BV_MESSAGE' }
  }
  if (!isObject(message) || typeof message['type'] !== 'string' || !Object.hasOwn(readers, message['type']))
    return { fault: 'NWS_ERR_BV_MESSAGE' }
  const type = message['type'] as ClientType
  const request = isObject(message['data']) ? readers[type](message['data']) : undefined
  return request ?? { fault: 'NWS_ERR_BV_MESSAGE', type }
}

/** Encodes a message as a whole frame. */
export function encode(type: string, data: unknown): Buffer {
  return textFrame(JSON.stringify({ type, data }))
}

/** The frame in which a message reaches the other client: the proxy writes `from`, never the sender. */
export function encodeRelayed(message: RelayedMessage, from: number): Buffer {
  const { type, to } = message
  if (type === 'peerCandidate') return encode(type, { to, from, candidate: message.candidate })
  // Clients of the first generation find their connection by `peer`: in both directions the client that got the offer.
  return type === 'peerRequest'
    ? encode(type, { to, from, peer: to, spd: { type: 'offer', sdp: message.sdp } })
    : encode(type, { to, from, peer: from, spd: { type: 'answer', sdp: message.sdp } })
}
