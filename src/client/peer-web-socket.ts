// A peer of a channel as a socket for direct messages. It comes with the `connect` event, opens by itself, and closes when
// the peer leaves.
import type { Connection } from './connection.ts'
import { closeEvent, NetworkMessageEvent } from './events.ts'
import { SIGNAL_MEMBER, Signals, SIGNALS, type SignalPort } from './signals.ts'
import {
  checkClose,
  CLOSED,
  CLOSING,
  CONNECTING,
  OPEN,
  SocketSurface,
  throwNotOpen,
  type ReadyState
} from './socket-surface.ts'
import { encodeText, type Data } from './wire.ts'

/** The channel's access to a peer's socket. */
export interface PeerControl {
  readonly socket: PeerWebSocket
  open(): void
  message(data: Data): void
  /** The peer has left, or the channel is closed. */
  gone(): void
}

export class PeerWebSocket extends SocketSurface {
  /** The peer's id, made by its proxy for each connection. */
  readonly id: string
  readonly [SIGNALS]: SignalPort
  readonly #connection: Connection
  #state: ReadyState = CONNECTING

  /** @param ownId gives the id of this end */
  constructor(id: string, connection: Connection, ownId: () => string, expose: (control: PeerControl) => void) {
    super()
    this.id = id
    this.#connection = connection
    const signals = new Signals()
    this[SIGNALS] = {
      get ownId() {
        return ownId()
      },
      send: signal => connection.sendFrame(encodeText(JSON.stringify({ [SIGNAL_MEMBER]: signal }), id), id),
      receive: listener => signals.receive(listener)
    }

    const open = (): void => {
      if (this.#state !== CONNECTING) return
      this.#state = OPEN
      this.dispatchEvent(new Event('open'))
    }
    expose({
      socket: this,
      open,
      message: data => {
        open()
        if (
          'json' in data &&
          typeof data.json === 'object' &&
          data.json !== null &&
          Object.hasOwn(data.json, SIGNAL_MEMBER)
        ) {
          signals.deliver((data.json as Record<string, unknown>)[SIGNAL_MEMBER])
        } else if (this.#state === OPEN) {
          this.dispatchEvent(messageEvent(data, this, id))
        }
      },
      gone: () => {
        signals.clear()
        this.#end(3000, 'Closed', true) // As in the library of 2014.
      }
    })
  }

  get url(): string {
    return this.#connection.url
  }

  get readyState(): ReadyState {
    return this.#state
  }

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
   * Sends to this peer only.
   *
   * @throws DOMException InvalidStateError before its `open` event
   */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
    if (this.#state === CONNECTING) throwNotOpen()
    if (this.#state === OPEN) this.#connection.send(data, this.id)
  }

  /** Receives no more direct messages of this peer. The peer stays in the channel and is not told. */
  close(code?: number, reason = ''): void {
    checkClose(code, reason)
    if (this.#state > OPEN) return
    this.#state = CLOSING
    queueMicrotask(() => this.#end(code ?? 1005, reason, true))
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    if (this.#state === CLOSED) return
    this.#state = CLOSED
    this.dispatchEvent(closeEvent(code, reason, wasClean))
  }
}

/** The event for data, in the binary type of the socket. */
export function messageEvent(
  data: { readonly bytes: ArrayBuffer } | { readonly text: string; readonly json: unknown },
  socket: SocketSurface,
  senderId: string
): NetworkMessageEvent {
  const [origin = ''] = /^\w+:\/\/[^/]*/.exec(socket.url) ?? []
  if ('json' in data) return new NetworkMessageEvent(data.text, origin, senderId, data.json)
  return new NetworkMessageEvent(
    socket.binaryType === 'blob' ? new Blob([data.bytes]) : data.bytes,
    origin,
    senderId,
    undefined
  )
}
