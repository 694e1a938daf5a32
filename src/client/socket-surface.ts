// The common surface of the library's sockets, as in WebSocket: constants, attributes, handlers, and the rules of `close`.
import { defineEventHandlers } from './event-handlers.ts'
import type { NetworkErrorEvent, NetworkMessageEvent } from './events.ts'
import { byteLength } from './payload.ts'
import type { SocketBinaryType, SocketCloseEvent } from './platform-types.ts'

export const CONNECTING = 0
export const OPEN = 1
export const CLOSING = 2
export const CLOSED = 3

export type ReadyState = typeof CONNECTING | typeof OPEN | typeof CLOSING | typeof CLOSED

const CONSTANTS = { CONNECTING, OPEN, CLOSING, CLOSED } as const
const MAX_REASON_BYTES = 123

/**
 * The members that an event adds to the standard one. They are optional in the types of handlers, which must fit those of
 * WebSocket; addEventListener has the exact types.
 */
export type Added<Kind extends Standard, Standard extends Event> = Omit<Kind, keyof Standard>

export abstract class SocketSurface extends EventTarget implements WebSocket {
  declare static readonly CONNECTING: typeof CONNECTING
  declare static readonly OPEN: typeof OPEN
  declare static readonly CLOSING: typeof CLOSING
  declare static readonly CLOSED: typeof CLOSED
  declare readonly CONNECTING: typeof CONNECTING
  declare readonly OPEN: typeof OPEN
  declare readonly CLOSING: typeof CLOSING
  declare readonly CLOSED: typeof CLOSED

  declare onopen: ((this: WebSocket, event: Event) => unknown) | null
  declare onmessage:
    | ((this: WebSocket, event: MessageEvent & Partial<Added<NetworkMessageEvent, MessageEvent>>) => unknown)
    | null
  declare onerror: ((this: WebSocket, event: Event & Partial<Added<NetworkErrorEvent, Event>>) => unknown) | null
  declare onclose: ((this: WebSocket, event: SocketCloseEvent) => unknown) | null

  #binaryType: SocketBinaryType = 'blob'

  abstract readonly url: string
  abstract readonly readyState: ReadyState
  abstract readonly protocol: string
  abstract readonly extensions: string
  abstract readonly bufferedAmount: number

  /** Whether binary messages arrive as Blob or as ArrayBuffer. Other values are ignored. */
  get binaryType(): SocketBinaryType {
    return this.#binaryType
  }

  set binaryType(value: SocketBinaryType) {
    if (value === 'blob' || value === 'arraybuffer') this.#binaryType = value
  }

  abstract send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void
  abstract close(code?: number, reason?: string): void
}

for (const [name, value] of Object.entries(CONSTANTS)) {
  for (const target of [SocketSurface, SocketSurface.prototype])
    Object.defineProperty(target, name, { value, enumerable: true })
}
defineEventHandlers(SocketSurface.prototype, ['open', 'message', 'error', 'close'])

/**
 * Checks the arguments of `close`.
 *
 * @throws DOMException InvalidAccessError for a code other than 1000 and 3000–4999, SyntaxError for a reason of more
 *   than 123 bytes
 */
export function checkClose(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException('The close code must be 1000, or from 3000 to 4999.', 'InvalidAccessError')
  }
  if (reason !== undefined && byteLength(reason) > MAX_REASON_BYTES) {
    throw new DOMException('The reason must not be longer than 123 bytes.', 'SyntaxError')
  }
}

/** @throws DOMException InvalidStateError always */
export function throwNotOpen(): never {
  throw new DOMException('The socket is still connecting: wait for its open event.', 'InvalidStateError')
}
