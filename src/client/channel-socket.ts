// The base of the sockets that an application makes: the arguments of the constructor, and the attributes of WebSocket over
// a connection. Each kind of socket brings its protocol.
import { isChannelName } from './channel-name.ts'
import { Connection, type Protocol, type WebSocketClass } from './connection.ts'
import { diagnose } from './diagnosis.ts'
import { defaultEndpoint, endpointBase, isLoopbackHost, LOCAL_ENDPOINT } from './endpoint.ts'
import type { Problem } from './errors.ts'
import { defineEventHandlers } from './event-handlers.ts'
import type { ReconnectingDetail } from './events.ts'
import type { ReconnectOptions } from './reconnect.ts'
import { checkClose, SocketSurface, type ReadyState } from './socket-surface.ts'

/** Options of all sockets of the library. */
export interface SocketOptions {
  /** Address of the proxy: ws, wss, http or https. Default: the proxy that served this script to its page, else ws://localhost:9009. */
  readonly endpoint?: string | URL | undefined
  /** Whether and how to reconnect. Default: never, as WebSocket. */
  readonly reconnect?: boolean | ReconnectOptions | undefined
  /** Token of a proxy on another machine (its NWS_API_TOKEN). It is the first message, never in the URL. */
  readonly token?: string | undefined
  /**
   * Milliseconds that the membership waits after the socket is lost, at most as long as the proxy allows; 0: none. The others
   * do not notice, and no message is lost. Default: as long as the proxy allows (15 000), and 0 if it is on this machine.
   */
  readonly resume?: number | undefined
  /** The WebSocket class. Default: the global one, or else, in Node.js, that of `ws`. */
  readonly WebSocket?: WebSocketClass | undefined
}

/** For this library only: messages may be sent before the first `open`. */
export const QUEUE_EARLY = Symbol('queueEarly')

/** What takes the place of the platform's own parts. */
export interface PlatformParts {
  readonly WebSocket: WebSocketClass
  /** Finds out why a connection failed. @param base address of the proxy */
  readonly diagnose: (base: string) => Promise<Problem>
}

let defaultWebSocket: WebSocketClass | undefined
let parts: PlatformParts | undefined

/** The entry file for Node.js calls it. */
export function setDefaultWebSocket(Class: WebSocketClass): void {
  defaultWebSocket = Class
}

/** The entry files for guests call it. */
export function setPlatform(guests: PlatformParts): void {
  parts = guests
}

/** The default class. A page may have replaced the global one. */
function platformWebSocket(): WebSocketClass {
  return parts?.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket ?? defaultWebSocket!
}

/** The class with a way back. Few pages need its module, and a page that cannot load it does without. */
function resumableSocket(Socket: WebSocketClass, forMs: number): Promise<WebSocketClass> {
  return import('./resume/index.ts').then(
    ({ resumable }) => resumable(Socket, forMs),
    () => Socket
  )
}

export abstract class ChannelSocket extends SocketSurface {
  declare onreconnecting: ((this: WebSocket, event: CustomEvent<ReconnectingDetail>) => unknown) | null
  readonly #connection: Connection

  /**
   * @param name of the channel
   * @param pathOf gives its path after the endpoint
   * @param protocols subprotocols, or the options
   * @param speak makes the protocol
   * @throws DOMException SyntaxError for an invalid name, endpoint or subprotocol
   */
  constructor(
    name: string,
    pathOf: (name: string) => string,
    protocols: string | string[] | SocketOptions | null | undefined,
    options: SocketOptions | undefined,
    speak: (socket: ChannelSocket, connection: Connection) => Protocol
  ) {
    super()
    if (!isChannelName(name)) {
      throw new DOMException(
        'A channel name has 1 to 255 characters of A-Z a-z 0-9 + = * . _ - and is neither . nor ..',
        'SyntaxError'
      )
    }
    const instead = typeof protocols === 'object' && protocols !== null && !(Symbol.iterator in protocols)
    const {
      endpoint,
      reconnect,
      token,
      resume,
      WebSocket = platformWebSocket(),
      [QUEUE_EARLY]: queueEarly = false
    }: SocketOptions & { [QUEUE_EARLY]?: boolean } = (instead ? protocols : options) ?? {}
    const initial = endpoint ?? defaultEndpoint()
    // On this machine sockets do not break. No proxy waits as long as is asked for here.
    const resumeMs = resume ?? (isLoopbackHost(new URL(endpointBase(initial)).hostname) ? 0 : 9e8)
    this.#connection = new Connection(this, connection => speak(this, connection), {
      endpoint: initial,
      mayFallBack: endpoint === undefined && initial !== LOCAL_ENDPOINT,
      path: pathOf(name),
      protocols: instead ? undefined : (protocols ?? undefined),
      reconnect: reconnect === true ? {} : reconnect === false ? undefined : reconnect,
      token,
      WebSocket: resumeMs === 0 ? WebSocket : resumableSocket(WebSocket, resumeMs),
      diagnose: parts?.diagnose ?? diagnose,
      queueEarly
    })
  }

  get url(): string {
    return this.#connection.url
  }

  /** As in WebSocket. With the option `reconnect` it is CONNECTING during reconnection too. */
  get readyState(): ReadyState {
    return this.#connection.state
  }

  /** The subprotocol: the first one of the constructor. */
  get protocol(): string {
    return this.#connection.protocolName
  }

  get extensions(): string {
    return this.#connection.extensions
  }

  get bufferedAmount(): number {
    return this.#connection.bufferedAmount
  }

  /**
   * Messages that this socket has sent over its present connection, its own to the proxy among them. Errors of the proxy
   * name refused messages by this number.
   */
  get messagesSent(): number {
    return this.#connection.messagesSent
  }

  /**
   * Sends to all other peers in the channel.
   *
   * @param data text or binary; other values are sent as their text
   * @throws DOMException InvalidStateError before the first `open`; QuotaExceededError if too much waits for a
   *   reconnection
   */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
    this.#connection.send(data)
  }

  /**
   * Leaves the channel after all earlier messages.
   *
   * @param code 1000 or 3000–4999
   * @param reason at most 123 bytes
   * @throws DOMException InvalidAccessError for another code, SyntaxError for a longer reason
   */
  close(code?: number, reason?: string): void {
    checkClose(code, reason)
    this.#connection.close(code, reason)
  }
}
defineEventHandlers(ChannelSocket.prototype, ['reconnecting'])
