// The options of a BoneValue and of a login.
import type { PeerConnectionClass } from '../platform-types.ts'
import type { ReconnectOptions } from '../reconnect.ts'
import type { WebSocketClass } from './rendezvous.ts'

/** Options of a BoneValue. All members are optional. */
export interface BoneValueOptions {
  /** Limit of a request, from its start to its answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Time after which an unused kept connection is closed, milliseconds. Default 30 000. */
  readonly keepAliveMs?: number
  /** Limit of an attempt to connect with a peer, milliseconds. Default 8000. */
  readonly connectTimeoutMs?: number
  /** Whether and how to connect to the rendezvous again. Default: yes. */
  readonly reconnect?: boolean | ReconnectOptions
  /** Silence after which the rendezvous is asked for a sign of life, milliseconds. Default 20 000. */
  readonly heartbeatMs?: number
  /** Limit for that sign, milliseconds. Default 5000. */
  readonly lifeMs?: number
  /** Default: the global class, or else, in Node.js, that of `ws`. */
  readonly WebSocket?: WebSocketClass
  /** Default: the global class. Node.js has none. */
  readonly RTCPeerConnection?: PeerConnectionClass
}

/** Keeps a session: `sessionStorage` for this tab, `localStorage` for all tabs and later visits. */
export interface SessionStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** How to log in. */
export interface LoginOptions {
  /** A session of `getSession()`, instead of the password. */
  readonly session?: string | undefined
  /** Keeps the session there until the user logs out, and takes it from there if no other is given. */
  readonly storage?: SessionStorage | undefined
}
