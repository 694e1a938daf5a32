// Reads the messages of the rendezvous (docs/BONEVALUE.md). Malformed and unknown messages are undefined.
import type { IceServer } from '../platform-types.ts'
import type { Signal } from './direct-connection.ts'

export type WireMessage =
  | {
      readonly type: 'login'
      readonly session: string | undefined
      readonly user: string | undefined
      readonly iceServers: IceServer[] | undefined
    }
  | { readonly type: 'setPeerId'; readonly peerId: string }
  | { readonly type: 'userList'; readonly names: string[] }
  | { readonly type: 'peerList'; readonly peers: { readonly name: string; readonly id: string }[] }
  | { readonly type: 'userAdd' | 'userRemove' | 'userCut'; readonly name: string }
  | { readonly type: 'peerConnect'; readonly name: string; readonly id: string }
  | { readonly type: 'peerDisconnect'; readonly id: string }
  | { readonly type: 'signal'; readonly from: string; readonly signal: Signal }
  | { readonly type: 'iceServers'; readonly iceServers: IceServer[] }
  | { readonly type: 'tokenResponse'; readonly token: string }
  | { readonly type: 'claimResponse'; readonly name: string }
  | { readonly type: 'done'; readonly about: string | undefined; readonly fields: Fields }
  | { readonly type: 'pong' }
  | { readonly type: 'roomEnter' | 'roomExit'; readonly room: string; readonly id: string }
  | { readonly type: 'inviteResponse'; readonly email: string; readonly link: string; readonly expiresAt: number }
  | {
      readonly type: 'error'
      readonly code: string
      readonly message: string
      readonly about: string | undefined
      readonly to: string | undefined
      readonly retryAfterMs: number | undefined
    }

export type Fields = Readonly<Record<string, unknown>>

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** Ids are numbers on the wire, or their decimal text. */
export function idOf(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? String(value)
    : typeof value === 'string' && /^\d{1,16}$/.test(value)
      ? value
      : undefined
}

function listOf<Item>(value: unknown, read: (item: unknown) => Item | undefined): Item[] {
  return Array.isArray(value) ? value.map(read).filter(item => item !== undefined) : []
}

function peerOf(value: unknown): { name: string; id: string } | undefined {
  const { name, id: given } = Object(value) as Fields
  const id = idOf(given)
  return typeof name === 'string' && id !== undefined ? { name, id } : undefined
}

function signalOf(type: string, { spd, candidate }: Fields): Signal | undefined {
  if (type === 'peerCandidate') return typeof candidate === 'object' ? { type: 'candidate', candidate } : undefined
  const sdp = text((Object(spd) as Fields)['sdp'])
  return sdp === undefined ? undefined : { type: type === 'peerRequest' ? 'offer' : 'answer', sdp }
}

/** Reads a message of the rendezvous. */
export function readWire(message: unknown): WireMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(String(message))
  } catch {
    return undefined
  }
  const { type, data } = Object(value) as Fields
  const fields = Object(data) as Fields
  switch (type) {
    case 'login':
      return {
        type,
        session: text(fields['session']),
        user: text(fields['user']),
        iceServers: iceServersOf(fields['iceServers'])
      }
    case 'iceServers':
      return { type, iceServers: iceServersOf(data) ?? [] }
    case 'userList':
      return { type, names: listOf(data, text) }
    case 'peerList':
      return { type, peers: listOf(data, peerOf) }
    case 'userAdd':
    case 'userRemove':
    case 'userCut':
      return typeof data === 'string' ? { type, name: data } : undefined
    case 'error':
      return {
        type,
        code: text(fields['code']) ?? '',
        message: text(fields['message']) ?? '',
        about: text(fields['type']),
        to: idOf(fields['to']),
        retryAfterMs: number(fields['retryAfterMs'])
      }
    default:
      return readRest(type, data, fields)
  }
}

function readRest(type: unknown, data: unknown, fields: Fields): WireMessage | undefined {
  switch (type) {
    case 'setPeerId': {
      const peerId = idOf(fields['peerId'])
      return peerId === undefined ? undefined : { type, peerId }
    }
    case 'peerConnect': {
      const peer = peerOf(data)
      return peer && { type, ...peer }
    }
    case 'peerDisconnect': {
      const id = idOf(data)
      return id === undefined ? undefined : { type, id }
    }
    case 'peerRequest':
    case 'peerResponse':
    case 'peerCandidate': {
      const from = idOf(fields['from'])
      const signal = signalOf(type, fields)
      return from === undefined || signal === undefined ? undefined : { type: 'signal', from, signal }
    }
    case 'roomEnter':
    case 'roomExit': {
      const id = idOf(fields['id'])
      return id === undefined ? undefined : { type, room: text(fields['room']) ?? '', id }
    }
    case 'pong':
      return { type }
    case 'done':
      return { type, about: text(fields['type']), fields }
    case 'tokenResponse':
      return { type, token: text(fields['token']) ?? '' }
    case 'claimResponse':
      return { type, name: text(fields['name']) ?? '' }
    case 'inviteResponse':
      return {
        type,
        email: text(fields['email']) ?? '',
        link: text(fields['link']) ?? '',
        expiresAt: number(fields['expiresAt']) ?? 0
      }
    default:
      return undefined
  }
}

/** For RTCPeerConnection, which checks them itself. */
function iceServersOf(value: unknown): IceServer[] | undefined {
  return Array.isArray(value) ? (value as IceServer[]) : undefined
}
