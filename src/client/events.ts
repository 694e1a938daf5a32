// The events of the library: those of WebSocket with more members, in browsers and in Node.js.
import type { Problem } from './errors.ts'
import type { SocketCloseEvent } from './platform-types.ts'

// The class is generic in the types of browsers, and is not in those of Node.js.
const PlainMessageEvent: new (type: string, init: { data: unknown; origin: string }) => MessageEvent = MessageEvent

/** A message of a peer: a broadcast at the channel, a direct message at the peer's socket. */
export class NetworkMessageEvent<Data = string | ArrayBuffer | Blob> extends PlainMessageEvent {
  declare readonly data: Data
  /** Id of the sender; empty on sockets of raw frames. */
  readonly senderId: string
  /** The sent JSON value: equals `data` if that is a string, undefined for binary data. */
  readonly json: unknown

  constructor(data: Data, origin: string, senderId: string, json: unknown) {
    super('message', { data, origin })
    this.senderId = senderId
    this.json = json
  }
}

/** An error. If it ends the connection, a `close` event follows. */
export class NetworkErrorEvent extends Event implements Problem {
  /** `NWS_CLIENT_…` of the library (errors.ts) or `NWS_ERR_…` of the proxy. */
  readonly code: string
  /** The problem and the remedy. */
  readonly message: string
  /** Further members of the proxy's error, such as `missed`. */
  readonly detail: Readonly<Record<string, unknown>>

  constructor({ code, message }: Problem, detail: Readonly<Record<string, unknown>> = {}) {
    super('error')
    this.code = code
    this.message = message
    this.detail = detail
  }
}

/** `detail` of `connect` and `disconnect`. */
export interface PeerDetail<Peer> {
  readonly target: Peer
}

/** `detail` of `reconnecting`. */
export interface ReconnectingDetail {
  /** 1 for the first attempt since the last `open`. */
  readonly attempt: number
  /** Time until the attempt, milliseconds. Infinity: until the user allows it. */
  readonly delayMs: number
  /** Close code and reason of the last connection; 1006 if there was none. */
  readonly code: number
  readonly reason: string
}

// Node.js has a global CloseEvent from version 23 on.
const PlainCloseEvent = class extends Event {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(type: string, { code = 0, reason = '', wasClean = false }: CloseEventInit) {
    super(type)
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

/** A `close` event, of the platform's class if it has one. */
export function closeEvent(code: number, reason: string, wasClean: boolean): SocketCloseEvent {
  const Class = (globalThis as { CloseEvent?: typeof CloseEvent }).CloseEvent ?? PlainCloseEvent
  return new Class('close', { code, reason, wasClean })
}
