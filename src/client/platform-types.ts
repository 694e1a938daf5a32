// Types of the platform that the published types of the library mention: those of the project that compiles them, if it has
// them. The types of Node.js lack some; a project with these alone gets the members that the library has to do with.

/** The type of a global class's instances. */
type Global<Name extends string, Otherwise> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : Otherwise

export type Listener = ((event: Event) => void) | { handleEvent(event: Event): void } | null

export type ListenerOptions =
  | boolean
  | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal }
  | undefined

/** The `close` event of a WebSocket. */
export type SocketCloseEvent = Global<
  'CloseEvent',
  Event & { readonly code: number; readonly reason: string; readonly wasClean: boolean }
>

export type SocketBinaryType = 'arraybuffer' | 'blob'

/** The standard's channel between the pages of a browser. */
export type PlatformBroadcastChannel = Global<'BroadcastChannel', EventTarget>

export type PeerConnection = Global<'RTCPeerConnection', object>

/** Audio and video. */
export type Stream = Global<'MediaStream', object>

/** A channel for data over it. */
export type DataChannel = Global<'RTCDataChannel', object>

export type PeerConnectionClass = typeof globalThis extends { RTCPeerConnection: infer Class }
  ? Class
  : new (...args: never[]) => object

export type PeerConnectionConfiguration = typeof globalThis extends {
  RTCPeerConnection: new (configuration?: infer Configuration) => unknown
}
  ? Configuration
  : object

export interface IceServer {
  urls: string | string[]
  username?: string
  credential?: string
}

/** An address at which an end may be reached. */
export interface IceCandidate {
  candidate?: string
  sdpMid?: string | null
  sdpMLineIndex?: number | null
  usernameFragment?: string | null
}
