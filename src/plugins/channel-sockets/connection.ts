// One client of a channel, from the opening of its socket to its end: proof of the token, early messages until the join is
// decided, rate, and answers to pings. The socket itself is in core/hub/client-socket.ts, the messages are the dialect's.
import type { WebSocket } from 'ws'
import type { Scope } from '../../core/channel-name.ts'
import { closeCodeOf, definitionOf, NwsError, type ErrorCode } from '../../core/errors.ts'
import { ClientSocket, type ClientSocketDeps, type ClientTransport } from '../../core/hub/client-socket.ts'
import type { Peer } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'
import type { Settings } from '../../core/settings.ts'
import type { Dialect, DialectSocket } from './dialect.ts'
import { RateLimit, type RateVerdict } from './rate-limit.ts'
import type { ReadingPace } from './reading-pace.ts'

/** The channel that a socket asks for, and the facts of its upgrade. */
export interface ConnectionRequest {
  readonly name: string
  readonly scope: Scope
  readonly dialect: Dialect
  readonly origin: string | undefined
  /** Where the client is, for the log. */
  readonly from: 'this machine' | 'another machine' | 'guest'
  readonly takesBinary: boolean
  /** Id of the invitation by which a guest came; undefined for others. */
  readonly invitation?: string | undefined
  /** The rate at which the proxy reads a guest; undefined: a client that is too fast is refused. */
  readonly pace?: ReadingPace | undefined
  /** The client has left for good. Called once. */
  readonly left?: (() => void) | undefined
  /** Set if the client must prove the token by its first message. @returns undefined: it is right */
  readonly checkToken: ((token: string) => ErrorCode | undefined) | undefined
}

/** Injected into a connection. */
export interface ConnectionDeps extends ClientSocketDeps {
  readonly hub: Hub
  readonly settings: Settings
  /** Logs a fault of this proxy or of an extension. */
  readonly report: (error: unknown) => void
  /** Logs what happens to a client. Facts have no name, no data and nothing else that the client sent. */
  readonly log: (facts: Readonly<Record<string, unknown>>, event: string) => void
  /** The client has become a member. */
  readonly joined: (connection: Connection) => void
}

/** Bytes that a client may send before the join is decided. */
const MAX_EARLY_BYTES = 64 * 1024

interface EarlyMessage {
  readonly number: number
  readonly bytes: Buffer
  readonly isBinary: boolean
}

/** An error with a code, as hooks of extensions throw it. */
function isCoded(error: unknown): error is Error & { code: string; closeCode?: unknown } {
  return error instanceof Error && /^[A-Z][A-Z0-9_]{0,99}$/.test((error as { code?: unknown }).code as string)
}

/** One client's socket. */
export class Connection extends ClientSocket<ConnectionDeps> implements DialectSocket {
  readonly hub: Hub
  readonly origin: string | undefined
  readonly maxDataDepth: number
  takesBinary: boolean
  readonly #request: ConnectionRequest
  #rate: RateLimit | undefined
  readonly #since: number
  /** Why the proxy ended the socket; undefined: the client left. */
  #cause: ErrorCode | undefined
  /** Messages of the client so far, without those about a return. */
  protected received = 0
  /** Number of the message that is handled now; 0: none is. */
  #handled = 0
  #member: Peer | undefined
  #early: EarlyMessage[] | undefined = []
  #earlyBytes = 0
  /** Set while the dialect holds the first messages. */
  #stopHolding: (() => void) | undefined
  #authenticated: boolean
  #authTimer: NodeJS.Timeout | undefined
  /** Callbacks that wait for the answer to a ping. Mostly undefined. */
  #readers: { readonly mark: number; readonly run: () => void }[] | undefined
  /** Number of the last ping with a callback. */
  #marks = 0

  /** @param transport the TCP socket under the WebSocket */
  constructor(websocket: WebSocket, transport: ClientTransport, request: ConnectionRequest, deps: ConnectionDeps) {
    super(websocket, transport, deps)
    const { settings } = deps
    this.#request = request
    this.#since = deps.now()
    this.hub = deps.hub
    this.origin = request.origin
    this.maxDataDepth = settings.maxDataDepth
    this.takesBinary = request.takesBinary
    this.#authenticated = request.checkToken === undefined
  }

  /** Joins, after the proof of the token if it is due. Call it once. */
  start(): void {
    if (this.#authenticated) {
      void this.#join()
    } else {
      this.#authTimer = setTimeout(() => this.end('NWS_ERR_TOKEN_REQUIRED'), this.deps.settings.authTimeoutMs).unref()
    }
  }

  /** The peer of the socket. Dialects run only after the join. */
  get peer(): Peer {
    return this.#member!
  }

  /** undefined: the client has not joined yet. */
  get member(): Peer | undefined {
    return this.#member
  }

  sendPresence(frame: Buffer, delayMs = 0): void {
    if (delayMs === 0) this.outbox.pushPresence(frame)
    else if (this.outbox.pushPatient(frame)) setTimeout(() => this.outbox.flush(), delayMs).unref()
  }

  refuse(code: ErrorCode, extra?: Readonly<Record<string, number>>): void {
    this.deps.refused('message', code)
    this.#tell(code, definitionOf(code).message, extra)
  }

  protected override tellEnd(cause: ErrorCode): void {
    // The end of the proxy is no fault of a message, and a client that reads too slowly would not read it.
    if (cause === 'NWS_ERR_SHUTTING_DOWN' || cause === 'NWS_ERR_PEER_TOO_SLOW') return
    if (cause === 'NWS_ERR_RATE_LIMITED') return // Told already.
    this.#tell(cause, definitionOf(cause).message)
  }

  override closing(cause: ErrorCode | undefined): void {
    // ws has refused the message after the last one.
    if (!this.over && cause !== undefined && cause !== 'NWS_ERR_WEBSOCKET_PROTOCOL') this.#handled = ++this.received
    super.closing(cause)
  }

  protected override ping(): void {
    // A client may answer only the latest of several pings (RFC 6455 §5.5.3).
    const mark = this.#readers === undefined ? undefined : String(this.#marks)
    this.afterWrites(() => this.websocket.ping(mark))
  }

  /** Sends a ping behind all earlier frames: the client reads it, and answers it, after them. */
  whenRead(run: () => void): void {
    if (!this.canPing) return
    this.outbox.flush()
    this.#readers ??= []
    const mark = ++this.#marks
    this.#readers.push({ mark, run })
    this.afterWrites(() => this.websocket.ping(String(mark)))
  }

  /** Pings again for those who wait for an answer that a lost socket cannot bring. */
  protected repeatPing(): void {
    const mark = String(this.#marks)
    if (this.#readers !== undefined) this.afterWrites(() => this.websocket.ping(mark))
  }

  /** The client has answered a ping, and so all earlier ones. */
  override answered(bytes: Buffer): void {
    super.answered(bytes)
    const mark = Number(bytes.toString('latin1'))
    while (this.#readers?.[0] !== undefined && this.#readers[0].mark <= mark) this.#readers.shift()!.run()
    if (this.#readers?.length === 0) this.#readers = undefined
  }

  acknowledge(_received: number): void {
    this.received--
  }

  /** Flushes, ends the membership, and receives nothing more. @param cause the reason if the proxy ends it */
  finish(cause?: ErrorCode): void {
    // Frames that wait until remote peers are known are sent before the peer leaves.
    if (this.#member !== undefined) this.#takeEarly()
    if (this.over) return
    this.over = true
    this.#cause = cause
    clearTimeout(this.#authTimer)
    this.#rate?.close()
    this.#early = undefined
    const { dialect } = this.#request
    if (dialect.leave !== undefined) dialect.leave(this, this.#member, cause)
    else if (this.#member !== undefined) this.hub.removeLocal(this.#member, cause)
    this.outbox.flush()
    this.outbox.close()
    this.slowDown(undefined)
    this.#request.left?.()
  }

  override closed(): void {
    super.closed()
    this.#note({ code: this.#cause, ms: Math.round(this.deps.now() - this.#since) }, 'socket closed')
  }

  #note(facts: Readonly<Record<string, unknown>>, event: string): void {
    const { dialect, from } = this.#request
    this.deps.log({ channel: this.#member?.channel.tag, from, dialect: dialect.name, ...facts }, event)
  }

  /** Tells of an error, and which message caused it. */
  #tell(code: string, message: string, extra?: Readonly<Record<string, number>>): void {
    this.#note({ code, ...extra }, 'refused')
    const numbers = this.#handled === 0 ? undefined : { first: this.#handled, last: this.#handled }
    const frame = this.#request.dialect.errorFrame(code, message, { ...numbers, ...extra })
    if (frame !== undefined) this.send(frame)
  }

  async #join(): Promise<void> {
    const { dialect } = this.#request
    try {
      this.#member = await (dialect.join === undefined
        ? this.#joinAsPeer()
        : dialect.join(this, () => this.#joinAsPeer()))
    } catch (error) {
      this.#refuseJoin(error)
      return
    }
    // Data that came with the upgrade may have ended the socket before the join was decided.
    if (this.over && dialect.leave === undefined) this.hub.removeLocal(this.#member)
    if (!this.over) {
      this.deps.joined(this)
      this.#stopHolding = dialect.holdFirst?.(this, () => this.#takeEarly())
    }
    if (this.#stopHolding === undefined) this.#takeEarly()
  }

  /** Handles the early messages; later ones are handled as they come. */
  #takeEarly(): void {
    this.#stopHolding?.()
    const early = this.#early ?? []
    this.#early = undefined
    for (const { number, bytes, isBinary } of early) this.#dispatch(bytes, isBinary, number)
  }

  #joinAsPeer(): Promise<Peer> {
    const { name, scope, dialect, origin, invitation } = this.#request
    return this.hub.addLocal({
      name,
      scope,
      dialect: dialect.name,
      origin,
      invitation,
      isOpen: () => !this.over,
      port: peer => dialect.createPort(this, peer)
    })
  }

  #refuseJoin(error: unknown): void {
    if (this.over) return
    if (error instanceof NwsError) {
      this.end(error.code)
    } else if (isCoded(error)) {
      this.#tell(error.code, error.message)
      const { closeCode } = error
      this.deps.refused('socket', error.code)
      const code =
        Number.isInteger(closeCode) && Number(closeCode) >= 4000 && Number(closeCode) <= 4999
          ? Number(closeCode)
          : closeCodeOf('NWS_ERR_JOIN_REFUSED')
      this.close(code, error.code)
    } else {
      this.deps.report(error)
      this.end('NWS_ERR_INTERNAL')
    }
  }

  /** A message of the client. */
  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.over) return
    const now = this.deps.now()
    this.lastSeen = now
    this.#handled = ++this.received
    this.#take(bytes, isBinary, now)
    this.#handled = 0
  }

  #take(bytes: Buffer, isBinary: boolean, now: number): void {
    // ws has refused it already if this proxy's own plugin made the socket. An embedding app may bring its own.
    if (bytes.length > this.deps.settings.maxMessageBytes) {
      this.end('NWS_ERR_MESSAGE_TOO_LARGE')
      return
    }
    const verdict = this.#count(bytes.length, now)
    if (verdict !== 'accept') {
      this.deps.refused('message', 'NWS_ERR_RATE_LIMITED')
      if (verdict === 'end') this.end('NWS_ERR_RATE_LIMITED')
    } else if (!this.#authenticated) {
      this.#authenticate(bytes, isBinary)
    } else if (this.#early === undefined) {
      this.#dispatch(bytes, isBinary, this.received)
    } else {
      this.#keep(bytes, isBinary)
    }
  }

  /** Counts a message. A guest is read more slowly instead of being refused. */
  #count(bytes: number, now: number): RateVerdict {
    const { pace } = this.#request
    if (pace === undefined) {
      this.#rate ??= new RateLimit(this.deps.settings, now, (first, last) =>
        this.#tell('NWS_ERR_RATE_LIMITED', definitionOf('NWS_ERR_RATE_LIMITED').message, { first, last })
      )
      return this.#rate.take(bytes, now, this.received)
    }
    const waitMs = pace.take(bytes, now)
    if (waitMs > 0) this.pauseUntil(resume => void setTimeout(resume, waitMs).unref())
    return 'accept'
  }

  #dispatch(bytes: Buffer, isBinary: boolean, number: number): void {
    if (this.over) return
    this.#handled = number
    try {
      this.#request.dialect.receive(this, bytes, isBinary)
    } catch (error) {
      if (isCoded(error)) {
        this.deps.refused('message', error.code)
        this.#tell(error.code, error.message)
      } else {
        this.deps.report(error)
        this.refuse('NWS_ERR_INTERNAL')
      }
    }
    this.#handled = 0
    const channel = this.#member?.channel
    // The client cannot get ahead of a wide channel.
    if (this.deps.turns.isBusy && channel?.isBusy === true) this.pauseUntil(resume => channel.whenDrained(resume))
  }

  #keep(bytes: Buffer, isBinary: boolean): void {
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes > MAX_EARLY_BYTES && this.#member !== undefined) {
      this.#takeEarly()
      this.#dispatch(bytes, isBinary, this.received)
    } else if (this.#earlyBytes > MAX_EARLY_BYTES) {
      this.end('NWS_ERR_JOIN_TOO_MUCH_EARLY_DATA')
    } else {
      this.#early?.push({ number: this.received, bytes, isBinary })
    }
  }

  #authenticate(bytes: Buffer, isBinary: boolean): void {
    const token = this.#request.dialect.readToken(bytes, isBinary, this.maxDataDepth)
    const refusal = token === undefined ? 'NWS_ERR_TOKEN_REQUIRED' : this.#request.checkToken?.(token)
    if (refusal !== undefined) {
      this.end(refusal)
      return
    }
    this.#authenticated = true
    clearTimeout(this.#authTimer)
    void this.#join()
  }
}
