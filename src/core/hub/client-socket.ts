// One client's WebSocket, whatever is said on it: listeners that all sockets share, frames written whole, signs of life, the
// one way to end it. Not a protocol (those are subclasses), and no socket or clock of its own: they are given.
import type { WebSocket } from 'ws'
import { closeCodeOf, type ErrorCode } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { Outbox, type ByteSink } from './outbox.ts'
import type { TurnQueue } from './turn-queue.ts'

/** What is used of the TCP socket under it. */
export interface ClientTransport {
  /** Bytes that the system has not taken yet. */
  readonly writableLength: number
  write(bytes: Buffer): unknown
}

/** What a socket needs from its owner. */
export interface ClientSocketContext {
  readonly settings: Pick<Settings, 'maxQueuedBytes' | 'peerTimeoutMs' | 'pingIntervalMs'>
  readonly turns: TurnQueue
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** Counts that the proxy has refused a message or ended a socket. */
  readonly refused: (kind: 'message' | 'socket', code: string) => void
}

/** `WebSocket.OPEN`. */
const OPEN = 1

/**
 * Takes a socket from what upgraded it, of which nothing is to stay in memory as long as the socket lives: the listener of
 * @fastify/websocket keeps the request and its reply, Node.js the response that was made for the upgrade.
 */
export function takeOver(websocket: WebSocket, transport: object): void {
  websocket.removeAllListeners('error')
  websocket.on('error', () => {}) // ws closes the socket itself, with the code that fits.
  const { _httpMessage: response } = transport as { _httpMessage?: { detachSocket(transport: object): void } | null }
  response?.detachSocket(transport)
}

const OWNER = Symbol('client socket')

/** A WebSocket that knows its owner, so that all sockets share their listeners: most of them are idle and many. */
type OwnedSocket = WebSocket & { [OWNER]: ClientSocket }

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  ;(this as OwnedSocket)[OWNER].receive(data as Buffer, isBinary)
}

function onPong(this: WebSocket, mark: Buffer): void {
  ;(this as OwnedSocket)[OWNER].answered(mark)
}

function onClosing(this: WebSocket): void {
  ;(this as OwnedSocket)[OWNER].finish()
}

function onClose(this: WebSocket): void {
  const owner = (this as OwnedSocket)[OWNER]
  owner.finish()
  owner.closed()
}

/** @typeParam C what the subclass needs from its owner */
export abstract class ClientSocket<C extends ClientSocketContext = ClientSocketContext> implements ByteSink {
  /** Where frames for this client go. */
  readonly outbox: Outbox
  /** Milliseconds of the monotonic clock at the last sign of life. */
  lastSeen: number
  protected readonly context: C
  protected readonly websocket: WebSocket
  /** Nothing is taken or given any more. */
  protected over = false
  readonly #transport: ClientTransport
  #pingedAt: number

  /** @param transport the TCP socket under the WebSocket: frames are written to it whole, past ws */
  constructor(websocket: WebSocket, transport: ClientTransport, context: C) {
    this.websocket = websocket
    this.#transport = transport
    this.context = context
    this.lastSeen = context.now()
    this.#pingedAt = this.lastSeen
    this.outbox = new Outbox(context.turns, this, context.settings.maxQueuedBytes)
    ;(websocket as OwnedSocket)[OWNER] = this
    // These declare their `this`, which the emitter sets.
    /* oxlint-disable typescript/unbound-method */
    websocket.on('message', onMessage)
    websocket.on('pong', onPong)
    websocket.on('closing', onClosing)
    websocket.on('close', onClose)
    /* oxlint-enable typescript/unbound-method */
  }

  /** A message of the client. */
  abstract receive(bytes: Buffer, isBinary: boolean): void

  /** What was sent goes out, nothing more is taken; called again it does nothing. @param cause why the proxy ends it */
  abstract finish(cause?: ErrorCode): void

  /** The socket is closed. */
  abstract closed(): void

  get isOpen(): boolean {
    return !this.over
  }

  get queuedBytes(): number {
    return this.#transport.writableLength
  }

  write(bytes: Buffer): void {
    if (this.websocket.readyState === OPEN) this.#transport.write(bytes)
  }

  stalled(): void {
    this.end('NWS_ERR_PEER_TOO_SLOW')
  }

  /** Sends bytes of a whole frame to this client, after all that it was sent before. */
  send(frame: Buffer): void {
    this.outbox.push(frame)
  }

  /** Closes the socket with the error's close code. */
  end(code: ErrorCode): void {
    if (!this.over) this.context.refused('socket', code)
    this.close(closeCodeOf(code), code, code)
  }

  /** Ends the connection without waiting for the client. */
  terminate(): void {
    this.websocket.terminate()
  }

  /** Pings the client when it is time, or ends a socket that has been silent for too long. */
  checkAlive(now: number): void {
    const { peerTimeoutMs, pingIntervalMs } = this.context.settings
    if (now - this.lastSeen > peerTimeoutMs) {
      this.end('NWS_ERR_PEER_SILENT')
      this.terminate()
    } else if (now - this.#pingedAt >= pingIntervalMs && this.canPing) {
      this.#pingedAt = now
      this.ping()
    }
  }

  /** The client has answered a ping. */
  answered(_mark: Buffer): void {
    this.lastSeen = this.context.now()
  }

  protected get canPing(): boolean {
    return this.websocket.readyState === OPEN
  }

  protected ping(): void {
    this.websocket.ping()
  }

  protected close(code: number, reason: string, cause?: ErrorCode): void {
    this.finish(cause)
    this.websocket.close(code, reason)
  }
}
