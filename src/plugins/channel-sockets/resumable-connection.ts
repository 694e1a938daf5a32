// A connection whose membership outlives its socket for a time. The client comes back with another socket (return.ts), gets
// the messages that it has missed, and the others in the channel notice nothing (docs/protocol/client.md §5.1).
import type { WebSocket } from 'ws'
import { resumeText } from '../../core/envelope.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { ClientTransport } from '../../core/hub/client-socket.ts'
import { ReplayLog } from '../../core/hub/replay-log.ts'
import { asciiFrame } from '../../core/websocket-frame.ts'
import { Connection, type ConnectionDeps, type ConnectionRequest } from './connection.ts'

/** How a client that has lost its socket comes back. */
export interface Resumption {
  /** Only the client knows it. */
  readonly token: string
  /** Milliseconds that the membership waits for the client. */
  readonly forMs: number
  /** The membership waits no longer. May be called again. */
  readonly over: () => void
}

export class ResumableConnection extends Connection {
  readonly #resumption: Resumption
  /** Frames that the client may have missed. */
  readonly #log: ReplayLog
  /** Number of the last frame that was written before the socket was lost. */
  #lastAtLoss = 0
  /** Set while the client has no socket. */
  #absence: NodeJS.Timeout | undefined

  constructor(
    websocket: WebSocket,
    transport: ClientTransport,
    request: ConnectionRequest,
    deps: ConnectionDeps,
    resumption: Resumption
  ) {
    super(websocket, transport, request, deps)
    this.#resumption = resumption
    this.#log = new ReplayLog(deps.settings.maxQueuedBytes)
  }

  override start(): void {
    const { token, forMs } = this.#resumption
    super.write(asciiFrame(resumeText({ token, forMs })), 1) // Not in the log: neither end counts it.
    super.start()
  }

  override write(bytes: Buffer, frames: number): void {
    this.#log.keep(bytes, frames)
    // The rule of slow readers: too much waits for a client that is away.
    if (this.#absence !== undefined && !this.#log.covers(this.#lastAtLoss))
      this.deps.turns.defer(() => this.end('NWS_ERR_PEER_TOO_SLOW'))
    super.write(bytes, frames)
  }

  /** The client has this many frames. It hears how many of its messages have arrived. */
  override acknowledge(received: number): void {
    super.acknowledge(received)
    this.#log.acknowledge(received)
    this.#tellReceived()
  }

  #tellReceived(): void {
    super.write(asciiFrame(resumeText({ received: this.received })), 1)
  }

  /**
   * The client comes back with another socket. It gets the frames that it has missed.
   *
   * @param received frames that the client has
   * @returns false: too much is missing
   */
  resume(websocket: WebSocket, transport: ClientTransport, received: number): boolean {
    if (this.over || !this.#log.covers(received)) return false
    this.outbox.flush()
    this.#endAbsence()
    this.adopt(websocket, transport)
    this.#tellReceived()
    const missed = this.#log.since(received)
    if (missed.length > 0) super.write(missed, 1)
    this.repeatPing()
    return true
  }

  override gone(): void {
    if (this.over || this.member === undefined) return super.gone()
    this.#lastAtLoss = this.#log.last
    this.#absence = setTimeout(() => super.gone(), this.#resumption.forMs).unref()
  }

  /** A client that is away has nothing to close. */
  override end(code: ErrorCode): void {
    const isAway = this.#absence !== undefined
    super.end(code)
    if (isAway) this.closed()
  }

  override finish(cause?: ErrorCode): void {
    this.#endAbsence()
    super.finish(cause)
    this.#resumption.over()
  }

  override checkAlive(now: number): void {
    if (this.#absence === undefined) super.checkAlive(now)
  }

  protected override fallSilent(): void {
    this.terminate() // The client may come back.
  }

  override get queuedBytes(): number {
    return this.#absence === undefined ? super.queuedBytes : 0
  }

  #endAbsence(): void {
    clearTimeout(this.#absence)
    this.#absence = undefined
  }
}
