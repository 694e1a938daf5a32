// `NetworkBroadcastChannel`: a channel of the network with the interface of BroadcastChannel, for JSON values and binary
// data.
import { QUEUE_EARLY, type SocketOptions } from './channel-socket.ts'
import { defineEventHandlers } from './event-handlers.ts'
import { NetworkErrorEvent, NetworkMessageEvent, type ReconnectingDetail } from './events.ts'
import { NetworkWebSocket } from './network-web-socket.ts'
import { bytesOf, isBlob } from './payload.ts'
import type { Listener, ListenerOptions, PlatformBroadcastChannel } from './platform-types.ts'
import { CLOSED, CONNECTING, type Added } from './socket-surface.ts'

/** Events of a NetworkBroadcastChannel, by type. */
export interface NetworkBroadcastChannelEventMap {
  message: NetworkMessageEvent<unknown>
  messageerror: MessageEvent
  error: NetworkErrorEvent
  reconnecting: CustomEvent<ReconnectingDetail>
}

// Types for an inherited method.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface NetworkBroadcastChannel {
  addEventListener<Type extends keyof NetworkBroadcastChannelEventMap>(
    type: Type,
    listener: (this: NetworkBroadcastChannel, event: NetworkBroadcastChannelEventMap[Type]) => unknown,
    options?: ListenerOptions
  ): void
  addEventListener(type: string, listener: Listener, options?: ListenerOptions): void
}

/** @throws DOMException DataCloneError for values that would arrive changed */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, function (this: Record<string, unknown>, key: string) {
      const own = this[key] // Before any toJSON.
      const kind = Object.prototype.toString.call(own)
      if (
        kind === '[object Undefined]'
          ? key !== '' && !Array.isArray(this)
          : /^\[object (?:String|Boolean|Null|Array|Object)\]$/.test(kind) || Number.isFinite(own)
      )
        return own
      throw new TypeError(kind)
    })
  } catch {
    throw new DOMException(
      'Only JSON values and, by themselves, buffers, views and Blobs can be posted.',
      'DataCloneError'
    )
  }
}

/** A channel of the network with the interface of BroadcastChannel. It reconnects by itself. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class NetworkBroadcastChannel extends EventTarget {
  // These types let it stand for a BroadcastChannel.
  declare onmessage:
    | ((
        this: PlatformBroadcastChannel,
        event: MessageEvent & Partial<Added<NetworkMessageEvent, MessageEvent>>
      ) => unknown)
    | null
  declare onmessageerror: ((this: PlatformBroadcastChannel, event: MessageEvent) => unknown) | null
  declare onerror: ((this: NetworkBroadcastChannel, event: NetworkErrorEvent) => unknown) | null
  declare onreconnecting: ((this: NetworkBroadcastChannel, event: CustomEvent<ReconnectingDetail>) => unknown) | null
  readonly name: string
  readonly #socket: NetworkWebSocket
  #closed = false

  /**
   * @param name of the channel, with a grammar unlike BroadcastChannel's
   * @throws DOMException SyntaxError for an invalid name or endpoint
   */
  constructor(name: string, options: SocketOptions = {}) {
    super()
    this.name = name
    this.#socket = new NetworkWebSocket(this.name, {
      reconnect: true,
      ...options,
      [QUEUE_EARLY]: true
    } as SocketOptions)
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onmessage = ({ data, json, origin, senderId }) => {
      if (!this.#closed)
        this.dispatchEvent(new NetworkMessageEvent(json === undefined ? data : json, origin, senderId ?? '', json))
    }
    this.#socket.onerror = event => {
      if (this.#closed) return
      const { code, message, detail } = event as NetworkErrorEvent
      this.dispatchEvent(
        code === 'NWS_CLIENT_BAD_FRAME'
          ? new MessageEvent('messageerror', { data: null })
          : new NetworkErrorEvent({ code, message }, detail)
      )
    }
    this.#socket.onreconnecting = ({ detail }) => {
      if (!this.#closed) this.dispatchEvent(new CustomEvent('reconnecting', { detail }))
    }
  }

  /**
   * Sends a value to all others. It waits while there is no connection.
   *
   * @param value a JSON value; or a buffer, a view or a Blob, which arrive as ArrayBuffer
   * @throws DOMException DataCloneError for other values, InvalidStateError after `close`, QuotaExceededError if too much
   *   waits
   */
  postMessage(value: unknown): void {
    if (this.#closed || this.#socket.readyState === CLOSED)
      throw new DOMException('The channel is closed.', 'InvalidStateError')
    if (bytesOf(value) !== undefined || isBlob(value)) this.#socket.send(value as Blob)
    else this.#socket.sendJson(jsonOf(value))
  }

  /** Closes the channel. Earlier messages are still sent if the first attempt to connect succeeds. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const socket = this.#socket
    if (socket.readyState !== CONNECTING || socket.bufferedAmount === 0) return socket.close()
    for (const type of ['open', 'error']) socket.addEventListener(type, () => socket.close())
  }
}
defineEventHandlers(NetworkBroadcastChannel.prototype, ['message', 'messageerror', 'error', 'reconnecting'])
