// One client's WebSocket: listeners that all sockets share, frames written whole, signs of life, and the one way to end
// it. Subclasses bring the protocol.
import { closeCodeOf, type ErrorCode } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { Outbox, type ByteSink } from './outbox.ts'
import type { QueueHolder } from './queue-budget.ts'
import type { SlowWrites } from './slow-writes.ts'
import type { TurnQueue } from './turn-queue.ts'

/**
 * A WebSocket of ws, as far as it is used here. The published types mention it, and the types of ws are not installed with
 * the package.
 */
export interface WebSocket {
  readonly readyState: number
  /** Bytes of messages that have begun and not ended. */
  readonly unfinishedBytes?: number
  on(event: string, listener: (...values: never[]) => void): unknown
  removeAllListeners(event: string): unknown
  pause(): void
  resume(): void
  ping(data?: Buffer | string): void
  close(code: number, reason: string): void
  terminate(): void
}

/** The TCP socket under the WebSocket, as far as it is used. */
export interface ClientTransport {
  /** Bytes that the system has not taken. */
  readonly writableLength: number
  write(bytes: Buffer): unknown
}

/** Injected into a socket. */
export interface ClientSocketDeps {
  readonly settings: Pick<Settings, 'maxQueuedBytes' | 'peerTimeoutMs' | 'pingIntervalMs'>
  readonly turns: TurnQueue
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** Counts a refused message or an ended socket. */
  readonly refused: (kind: 'message' | 'socket', code: string) => void
  /** The socket is closed. Called once. */
  readonly closed: (socket: ClientSocket) => void
}

/** `WebSocket.OPEN`. */
const OPEN = 1

/**
 * Detaches a socket from its upgrade, which must not stay in memory as long as the socket: the listener of
 * @fastify/websocket holds the request and its reply, Node.js holds the response that it made for the upgrade.
 */
export function takeOver(websocket: WebSocket, transport: object): void {
  websocket.removeAllListeners('error')
  websocket.on('error', () => {}) // ws closes the socket with the right code.
  const { _httpMessage: response } = transport as { _httpMessage?: { detachSocket(transport: object): void } | null }
  response?.detachSocket(transport)
}

const OWNER = Symbol('client socket')

/** A WebSocket that knows its owner, so that many idle sockets share their listeners. */
type OwnedSocket = WebSocket & { [OWNER]: SocketOwner }

type SocketOwner = Pick<ClientSocket, 'receive' | 'answered' | 'closing' | 'gone'>

/** Owns sockets in whose place others have come. */
const NOBODY: SocketOwner = { receive: () => {}, answered: () => {}, closing: () => {}, gone: () => {} }

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  ;(this as OwnedSocket)[OWNER].receive(data as Buffer, isBinary)
}

function onPong(this: WebSocket, mark: Buffer): void {
  ;(this as OwnedSocket)[OWNER].answered(mark)
}

function onClosing(this: WebSocket, cause?: ErrorCode): void {
  ;(this as OwnedSocket)[OWNER].closing(cause)
}

function onClose(this: WebSocket): void {
  ;(this as OwnedSocket)[OWNER].gone()
}

/** @typeParam D the needs of the subclass */
export abstract class ClientSocket<D extends ClientSocketDeps = ClientSocketDeps> implements ByteSink {
  readonly outbox: Outbox
  /** Milliseconds of the monotonic clock at the last sign of life. */
  lastSeen: number
  protected readonly deps: D
  protected websocket: WebSocket
  /** Nothing more is received or sent. */
  protected over = false
  #transport: ClientTransport
  #pingedAt: number
  #paused = false
  /** Holds bytes back while a developer wants it. Mostly undefined. */
  #slow: SlowWrites | undefined

  /** @param transport the TCP socket under the WebSocket; whole frames are written to it, past ws */
  constructor(websocket: WebSocket, transport: ClientTransport, deps: D) {
    this.websocket = websocket
    this.#transport = transport
    this.deps = deps
    this.lastSeen = deps.now()
    this.#pingedAt = this.lastSeen
    this.outbox = new Outbox(deps.turns, this, deps.settings.maxQueuedBytes)
    this.#own(websocket)
  }

  #own(websocket: WebSocket): void {
    ;(websocket as OwnedSocket)[OWNER] = this
    /* oxlint-disable typescript/unbound-method */
    websocket.on('message', onMessage)
    websocket.on('pong', onPong)
    websocket.on('closing', onClosing)
    websocket.on('close', onClose)
    /* oxlint-enable typescript/unbound-method */
  }

  /** A message of the client. */
  abstract receive(bytes: Buffer, isBinary: boolean): void

  /** Flushes, and receives nothing more. Idempotent. @param cause the reason if the proxy ends it */
  abstract finish(cause?: ErrorCode): void

  closed(): void {
    this.deps.closed(this)
  }

  /** The socket is closed. */
  gone(): void {
    this.finish()
    this.closed()
  }

  /** Goes on with another socket of the same client, to which nobody else listens. The old one is cut off. */
  protected adopt(websocket: WebSocket, transport: ClientTransport): void {
    ;(this.websocket as OwnedSocket)[OWNER] = NOBODY
    this.websocket.terminate()
    this.websocket = websocket
    this.#transport = transport
    this.#own(websocket)
    this.#paused = false
    this.#slow?.drop() // The old socket was to get these bytes.
    this.#pingedAt = this.lastSeen = this.deps.now()
  }

  /** The socket is about to send a close frame. @param cause why ws closes it by itself */
  closing(cause: ErrorCode | undefined): void {
    if (cause !== undefined && !this.over) {
      this.deps.refused('socket', cause)
      this.tellEnd(cause)
    }
    this.finish()
  }

  /** Tells the client in a message why the proxy ends the socket. */
  protected tellEnd(_cause: ErrorCode): void {}

  get isOpen(): boolean {
    return !this.over
  }

  get queuedBytes(): number {
    return this.#transport.writableLength + (this.#slow?.bytes ?? 0)
  }

  get unfinishedBytes(): number {
    return this.websocket.unfinishedBytes ?? 0
  }

  /** @param _frames in the bytes */
  write(bytes: Buffer, _frames: number): void {
    if (this.#slow === undefined) this.#writeNow(bytes)
    else this.#slow.push(bytes.length, () => this.#writeNow(bytes))
  }

  #writeNow(bytes: Buffer): void {
    if (this.websocket.readyState === OPEN) this.#transport.write(bytes)
  }

  /** Calls `run` when all bytes so far are written. */
  protected afterWrites(run: () => void): void {
    if (this.#slow === undefined) run()
    else this.#slow.push(0, run)
  }

  /** Holds back the bytes for the client from now on. undefined: the client gets everything at once. */
  slowDown(slow: SlowWrites | undefined): void {
    const before = this.#slow
    this.#slow = slow
    before?.release()
  }

  stalled(): void {
    this.end('NWS_ERR_PEER_TOO_SLOW')
  }

  /** Sends the bytes of a whole frame after all earlier ones. */
  send(frame: Buffer): void {
    this.outbox.push(frame)
  }

  /** Closes the socket with the error's close code. */
  end(code: ErrorCode): void {
    if (!this.over) {
      this.deps.refused('socket', code)
      this.tellEnd(code)
    }
    this.close(closeCodeOf(code), code, code)
  }

  /** Ends the connection without waiting for the client. */
  terminate(): void {
    this.websocket.terminate()
  }

  /** Pings the client if a ping is due. Ends a socket that was silent for too long. */
  checkAlive(now: number): void {
    const { peerTimeoutMs, pingIntervalMs } = this.deps.settings
    if (this.#paused) return
    if (now - this.lastSeen > peerTimeoutMs) {
      this.fallSilent()
    } else if (now - this.#pingedAt >= pingIntervalMs && this.canPing) {
      this.#pingedAt = now
      this.ping()
    }
  }

  /** The client does not answer pings. */
  protected fallSilent(): void {
    this.end('NWS_ERR_PEER_SILENT')
    this.terminate()
  }

  /** The silence until now does not count. The client is pinged at the next check. */
  forgiveSilence(now: number): void {
    this.lastSeen = now
    this.#pingedAt = -Infinity
  }

  /** The client answered a ping. */
  answered(_mark: Buffer): void {
    this.lastSeen = this.deps.now()
  }

  /** Stops reading until `wait` calls its argument. */
  protected pauseUntil(wait: (resume: () => void) => void): void {
    if (this.#paused || this.over) return
    this.#paused = true
    this.websocket.pause()
    const { websocket } = this
    wait(() => {
      if (websocket !== this.websocket) return
      this.#paused = false
      this.lastSeen = this.deps.now()
      websocket.resume()
    })
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

/** An unfinished message below this size does not count: many sockets have one for a moment. */
const LEAST_UNFINISHED_BYTES = 16 * 1024

/** The unfinished messages of sockets, as queues that can give way. */
export function* unfinishedMessages(sockets: Iterable<ClientSocket>): Generator<QueueHolder> {
  for (const socket of sockets) {
    if (socket.unfinishedBytes < LEAST_UNFINISHED_BYTES) continue
    yield {
      get queuedBytes() {
        return socket.unfinishedBytes
      },
      giveWay: () => {
        socket.end('NWS_ERR_MESSAGE_UNFINISHED')
        socket.terminate() // Frees the bytes now.
      }
    }
  }
}
