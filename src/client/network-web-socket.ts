// `NetworkWebSocket`: a channel as a WebSocket that knows its peers. No more than the surface: the work is done by
// envelope-protocol.ts and connection.ts.
import { ChannelSocket, type SocketOptions } from './channel-socket.ts'
import { EnvelopeProtocol } from './envelope-protocol.ts'
import { defineEventHandlers } from './event-handlers.ts'
import type { NetworkErrorEvent, NetworkMessageEvent, PeerDetail, ReconnectingDetail } from './events.ts'
import type { PeerWebSocket } from './peer-web-socket.ts'
import type { Peers } from './peers.ts'

/** Events of a channel, by type. */
export interface NetworkWebSocketEventMap {
  open: Event
  message: NetworkMessageEvent
  error: NetworkErrorEvent
  close: CloseEvent
  connect: CustomEvent<PeerDetail<PeerWebSocket>>
  disconnect: CustomEvent<PeerDetail<PeerWebSocket>>
  reconnecting: CustomEvent<ReconnectingDetail>
}

// Types for a method that the class inherits; nothing is left uninitialised.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface NetworkWebSocket {
  addEventListener<Type extends keyof NetworkWebSocketEventMap>(
    type: Type,
    listener: (this: NetworkWebSocket, event: NetworkWebSocketEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions
  ): void
}

/**
 * A channel of the network by its name. What is sent goes to all other peers; `message` events are their broadcasts.
 * A `connect` event comes for each peer that is there and each that comes, a `disconnect` event for each that goes.
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class NetworkWebSocket extends ChannelSocket {
  declare onconnect: ((this: WebSocket, event: NetworkWebSocketEventMap['connect']) => unknown) | null
  declare ondisconnect: ((this: WebSocket, event: NetworkWebSocketEventMap['disconnect']) => unknown) | null
  readonly #protocol: EnvelopeProtocol

  /**
   * @param channel its name
   * @param protocols subprotocols to offer; the proxy takes the first. `options` may stand in their place
   * @throws DOMException SyntaxError for a name, endpoint or subprotocol that cannot be
   */
  constructor(channel: string, protocols?: string | string[] | SocketOptions | null, options?: SocketOptions) {
    let protocol!: EnvelopeProtocol
    super(
      channel,
      name => `/${name}?binary=1`,
      protocols,
      options,
      (socket, connection) => {
        protocol = new EnvelopeProtocol(socket, connection)
        return protocol
      }
    )
    this.#protocol = protocol
  }

  /** Own id as the others see it, made by the proxy for this connection; empty before the first `open` event. */
  get id(): string {
    return this.#protocol.id
  }

  /** The other peers, always current. */
  get peers(): Peers {
    return this.#protocol.peers
  }
}
defineEventHandlers(NetworkWebSocket.prototype, ['connect', 'disconnect'])
