// The events of the library: those of WebSocket with what the library adds, in browsers and in Node.js. Not when they
// are fired.
import type { Problem } from './errors.ts'
import type { SocketCloseEvent } from './platform-types.ts'

// The class is generic in the types of browsers, and is not in those of Node.js.
const PlainMessageEvent: new (type: string, init: { data: unknown; origin: string }) => MessageEvent = MessageEvent

/** A message of a peer: a broadcast if it is fired at the channel, a direct message if at the peer. */
export class NetworkMessageEvent<Data = string | ArrayBuffer | Blob> extends PlainMessageEvent {
  declare readonly data: Data
  /** Id of the peer that sent it; empty on sockets of raw frames. */
  readonly senderId: string
  /** The JSON value that was sent: `data` itself if it is a string, undefined for binary data. */
  readonly json: unknown

  constructor(data: Data, origin: string, senderId: string, json: unknown) {
    super('message', { data, origin })
    this.senderId = senderId
    this.json = json
  }
}

/** Something could not be done. Whether that ended the connection is said by a `close` event, not by this one. */
export class NetworkErrorEvent extends Event implements Problem {
  /** `NWS_CLIENT_…` of the library (errors.ts) or `NWS_ERR_…` of the proxy. */
  readonly code: string
  /** One sentence: what is wrong and what to do. */
  readonly message: string
  /** Further members that the proxy's error came with, such as `missed`. */
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
  /** 1 for the first attempt since the channel was last open. */
  readonly attempt: number
  /** Time until the attempt, milliseconds. */
  readonly delayMs: number
  /** Close code and reason of the connection that ended; 1006 if there was none. */
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
