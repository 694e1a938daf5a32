// The channel of a shared document: one that the application gives, or one that is opened by name and comes back by itself.
import type { SocketOptions } from '../channel-socket.ts'
import { closeEvent, type NetworkErrorEvent } from '../events.ts'
import { NetworkWebSocket, type NetworkWebSocketEventMap } from '../network-web-socket.ts'
import type { PeerWebSocket } from '../peer-web-socket.ts'
import type { SocketCloseEvent } from '../platform-types.ts'
import { OPEN } from '../socket-surface.ts'

/** Between two attempts to reconnect, at most. Milliseconds. */
const MAX_DELAY_MS = 2500

/** Callbacks. A port calls none after `close`. */
export interface PortEvents {
  /** An attempt to connect begins. */
  connecting(): void
  opened(): void
  /** The connection is lost, or an attempt has failed. */
  lost(event: SocketCloseEvent, willRetry: boolean): void
  failed(event: NetworkErrorEvent): void
  /** A peer is present and can get messages. Peers that were there before `opened` are in `peers`. */
  came(peer: string): void
  left(peer: string): void
  received(peer: string, bytes: Uint8Array): void
}

type Listeners<Events> = { readonly [Type in keyof Events]?: (event: Events[Type]) => void }

export class ChannelPort {
  readonly #given: NetworkWebSocket | undefined
  readonly #name: string
  readonly #options: SocketOptions
  readonly #events: PortEvents
  #channel: NetworkWebSocket | undefined
  readonly #listeners = new Map<EventTarget, [type: string, listener: (event: Event) => void][]>()

  /** @param channelOrName a given channel stays open; its `binaryType` becomes `arraybuffer` */
  constructor(channelOrName: NetworkWebSocket | string, options: SocketOptions, events: PortEvents) {
    this.#given = typeof channelOrName === 'string' ? undefined : channelOrName
    this.#name = typeof channelOrName === 'string' ? channelOrName : ''
    this.#options = { reconnect: { maxDelayMs: MAX_DELAY_MS }, ...options }
    this.#events = events
  }

  /** The present channel; undefined after `close`. */
  get channel(): NetworkWebSocket | undefined {
    return this.#channel
  }

  get isOpen(): boolean {
    return this.#channel?.readyState === OPEN
  }

  get peers(): string[] {
    return this.#channel?.peers.map(({ id }) => id) ?? []
  }

  /** @throws DOMException SyntaxError for an invalid name or endpoint */
  open(): void {
    if (this.#channel !== undefined) return
    const channel = this.#given ?? new NetworkWebSocket(this.#name, this.#options)
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    const events = this.#events
    events.connecting()
    // The listeners of the application are not set yet.
    if (channel.readyState === OPEN) queueMicrotask(() => this.#channel === channel && events.opened())
    this.#listen<NetworkWebSocketEventMap>(channel, {
      open: () => events.opened(),
      error: event => events.failed(event),
      connect: ({ detail: { target } }) => this.#watch(target),
      disconnect: ({ detail: { target } }) => {
        this.#forget(target)
        events.left(target.id)
      },
      message: ({ data, senderId }) => {
        if (data instanceof ArrayBuffer) events.received(senderId, new Uint8Array(data))
      },
      reconnecting: ({ detail: { code, reason } }) => {
        // A membership that waits has lost nothing.
        if (channel.readyState === OPEN) return
        events.lost(closeEvent(code, reason, false), true)
        if (this.#channel === channel) events.connecting()
      },
      close: event => {
        this.#stop()
        events.lost(event, false)
      }
    })
    for (const peer of channel.peers) this.#watch(peer)
  }

  /** Leaves the channel, or lets a given one alone. */
  close(): void {
    const channel = this.#channel
    this.#stop()
    if (this.#given === undefined) channel?.close()
  }

  /** Sends to one peer or, without one, to all. @returns false if the message is lost */
  send(bytes: Uint8Array<ArrayBuffer>, peer?: string): boolean {
    const channel = this.#channel
    if (channel?.readyState !== OPEN) return false
    try {
      if (peer === undefined) channel.send(bytes)
      else channel.peers.get(peer)?.send(bytes)
      return true
    } catch {
      // Too much waits for a connection that is away.
      return false
    }
  }

  #stop(): void {
    for (const target of this.#listeners.keys()) this.#forget(target)
    this.#channel = undefined
  }

  #watch(peer: PeerWebSocket): void {
    peer.binaryType = 'arraybuffer'
    this.#listen<{ open: Event; message: MessageEvent }>(peer, {
      // It opens after the listeners of `connect`.
      open: () => this.#events.came(peer.id),
      message: ({ data }) => {
        if (data instanceof ArrayBuffer) this.#events.received(peer.id, new Uint8Array(data))
      }
    })
  }

  #listen<Events>(target: EventTarget, listeners: Listeners<Events>): void {
    const entries = Object.entries(listeners) as [string, (event: Event) => void][]
    for (const [type, listener] of entries) target.addEventListener(type, listener)
    this.#listeners.set(target, entries)
  }

  #forget(target: EventTarget): void {
    for (const [type, listener] of this.#listeners.get(target) ?? []) target.removeEventListener(type, listener)
    this.#listeners.delete(target)
  }
}
