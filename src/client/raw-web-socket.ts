// `LocalWebSocket` and `BroadcastWebSocket`: channels with raw frames and without peers, named as in the first generation.
import { ChannelSocket, type SocketOptions } from './channel-socket.ts'
import type { Protocol } from './connection.ts'
import type { Frame } from './outbox.ts'
import { messageEvent } from './peer-web-socket.ts'
import { OPEN, type SocketSurface } from './socket-surface.ts'

/** Sends and receives data unframed. */
function speakRaw(owner: SocketSurface): Protocol {
  return {
    greeting: undefined,
    encode: (data: string | Uint8Array): Frame => (typeof data === 'string' ? data : data.slice()),
    receive: (data: unknown) => {
      if (owner.readyState !== OPEN) return
      owner.dispatchEvent(
        messageEvent(typeof data === 'string' ? { text: data, json: data } : { bytes: data as ArrayBuffer }, owner, '')
      )
    },
    lost: () => {},
    ended: () => {}
  }
}

/** A channel of this machine alone: it never reaches the network. */
export class LocalWebSocket extends ChannelSocket {
  /** @throws DOMException SyntaxError for an invalid name, endpoint or subprotocol */
  constructor(name: string, protocols?: string | string[] | SocketOptions | null, options?: SocketOptions) {
    super(name, name => `/local/${name}`, protocols, options, speakRaw)
  }
}

/** A channel of the network: the same channel as NetworkWebSocket's of that name. */
export class BroadcastWebSocket extends ChannelSocket {
  /** @throws DOMException SyntaxError for an invalid name, endpoint or subprotocol */
  constructor(name: string, protocols?: string | string[] | SocketOptions | null, options?: SocketOptions) {
    super(name, name => `/broadcast/${name}`, protocols, options, speakRaw)
  }
}
