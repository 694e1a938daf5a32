// One channel's connection to the proxy: opening, losing, reconnecting, closing, and the order of what is sent. Speaks
// no protocol itself (that is handed in) and has no surface of its own: events are fired at its owner.
import { watchContentPolicy } from './content-policy.ts'
import { diagnose } from './diagnosis.ts'
import { endpointBase, LOCAL_ENDPOINT } from './endpoint.ts'
import { problem, type Problem } from './errors.ts'
import { closeEvent, NetworkErrorEvent, type ReconnectingDetail } from './events.ts'
import { Outbox, type Frame } from './outbox.ts'
import { byteLength, bytesOf, isBlob } from './payload.ts'
import { Backoff, MAX_QUEUED_BYTES, type ReconnectOptions } from './reconnect.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN, throwNotOpen, type ReadyState } from './socket-surface.ts'

/** The part of a WebSocket class that the library uses. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket

/** A way of speaking over a connection. */
export interface Protocol {
  /** Text that asks for the confirmation of having joined; undefined: to be connected is to have joined. */
  readonly greeting: string | undefined
  /** Frames a message. @param data text or bytes, which are to be copied */
  encode(data: string | Uint8Array, target: string | undefined): Frame
  /** A message of the proxy, of any content. MUST NOT throw. */
  receive(data: unknown): void
  /** The connection is lost; another one may follow. */
  lost(): void
  /** The connection has ended for good; `close` follows. */
  ended(): void
}

/** How a connection is made. */
export interface ConnectionOptions {
  /** Address of the proxy. */
  readonly endpoint: string | URL
  /** True if another endpoint may be tried when no proxy answers at this one. */
  readonly mayFallBack: boolean
  /** Path below the endpoint, with query. */
  readonly path: string
  readonly protocols: string | string[] | undefined
  readonly reconnect: ReconnectOptions | undefined
  readonly token: string | undefined
  readonly WebSocket: WebSocketClass
  /** Whether messages may wait for the first opening, too. */
  readonly queueEarly: boolean
}

/** Code of a connection that ended without a closing handshake. */
const ABNORMAL = 1006
const POLICY = 1008

/** Whether a proxy that closed with this code wants no further attempt. */
function isFinal(code: number): boolean {
  return code === POLICY || (code >= 4500 && code <= 4999)
}

/** Why a proxy closed a connection that had not joined: a proxy of this project gives its code as the reason. */
function refusalOf(reason: string): Problem {
  const { code, message } = problem('NWS_CLIENT_REFUSED')
  return { code: /^NWS_ERR_\w+$/.test(reason) ? reason : code, message }
}

/** A connection, from its first attempt on. */
export class Connection {
  state: ReadyState = CONNECTING
  protocolName = ''
  extensions = ''
  readonly #owner: EventTarget
  readonly #protocol: Protocol
  readonly #options: ConnectionOptions
  readonly #outbox = new Outbox()
  readonly #backoff: Backoff | undefined
  #base: string
  #mayFallBack: boolean
  #socket: WebSocket | undefined
  /** Whether the present socket has joined, and whether any has. */
  #joined = false
  #everJoined = false
  /** Whether the reason of the present outage has been looked for. */
  #diagnosed = false
  #refusal: { readonly problem: Problem; readonly detail: Record<string, unknown> } | undefined
  #discarded = 0

  constructor(owner: EventTarget, speak: (connection: Connection) => Protocol, options: ConnectionOptions) {
    this.#owner = owner
    this.#options = options
    this.#base = endpointBase(options.endpoint)
    this.#protocol = speak(this)
    this.#mayFallBack = options.mayFallBack
    this.#backoff = options.reconnect && new Backoff(options.reconnect)
    this.#connect()
  }

  get url(): string {
    return this.#base + this.#options.path
  }

  /** Bytes that are not on their way yet, and those that never will be. */
  get bufferedAmount(): number {
    return this.#discarded + this.#outbox.bytes + (this.#socket?.bufferedAmount ?? 0)
  }

  /**
   * Sends a message to all, or to one peer, after all that was sent before.
   *
   * @throws DOMException InvalidStateError before the first opening; QuotaExceededError where too much waits for a
   *   connection, and then the message is not sent
   */
  send(data: unknown, target?: string): void {
    const bytes = bytesOf(data)
    if (bytes !== undefined) this.sendFrame(this.#protocol.encode(bytes, target), target)
    else if (isBlob(data))
      this.sendFrame(
        data.arrayBuffer().then(buffer => this.#protocol.encode(new Uint8Array(buffer), target)),
        target,
        data.size
      )
    else this.sendFrame(this.#protocol.encode(String(data), target), target)
  }

  /** As `send`, for a finished frame. @param size if the frame is a promise */
  sendFrame(
    frame: Frame | Promise<Frame>,
    target?: string,
    size = typeof frame === 'string' ? byteLength(frame) : (frame as Uint8Array).length
  ): void {
    if (this.state === CONNECTING && !this.#everJoined && !this.#options.queueEarly) throwNotOpen()
    if (this.state > OPEN) {
      this.#discarded += size
      return
    }
    if (this.state === CONNECTING && this.#outbox.bytes + size > (this.#backoff?.maxQueuedBytes ?? MAX_QUEUED_BYTES)) {
      throw new DOMException(
        'More messages wait for the connection than "maxQueuedBytes" allows.',
        'QuotaExceededError'
      )
    }
    this.#outbox.push(frame, size, target, () => this.fail(problem('NWS_CLIENT_UNREADABLE_BLOB')))
  }

  /** Closes, after all that was sent before. The arguments have been checked. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.state > OPEN) return
    const socket = this.state === OPEN ? this.#socket : undefined
    this.state = CLOSING
    this.#backoff?.stop()
    if (socket !== undefined)
      return this.#outbox.whenEmpty(() => (code === undefined ? socket.close() : socket.close(code, reason)))
    // Some platforms report the close at once, others later. It is not waited for.
    const attempt = this.#socket
    this.#socket = undefined
    attempt?.close()
    queueMicrotask(() => this.#finish(ABNORMAL, '', false))
  }

  /** Fires an error that ends nothing. */
  fail(problem: Problem, detail?: Record<string, unknown>): void {
    this.#owner.dispatchEvent(new NetworkErrorEvent(problem, detail))
  }

  /** An error of the proxy: told at once; while it is not known whether the channel is joined, together with that. */
  refused(problem: Problem, detail: Record<string, unknown>): void {
    if (this.#joined) this.fail(problem, detail)
    else this.#refusal = { problem, detail }
  }

  /** The proxy has confirmed that the channel is joined. */
  joined(): void {
    if (this.#joined) return
    const first = !this.#everJoined
    this.#joined = this.#everJoined = true
    this.#mayFallBack = this.#diagnosed = false
    if (this.state !== CONNECTING) return
    this.state = OPEN
    this.#backoff?.opened()
    if (first || this.#protocol.greeting === undefined) this.synced()
    this.#owner.dispatchEvent(new Event('open'))
    if (this.#refusal !== undefined) this.fail(this.#refusal.problem, this.#refusal.detail)
  }

  /** All peers are known: waiting messages are sent. */
  synced(): void {
    const socket = this.#socket!
    this.#outbox.start(frame => socket.send(frame))
  }

  /** Drops messages that wait for peers that have left. */
  keepTargets(isThere: (target: string) => boolean): void {
    this.#outbox.keepTargets(isThere)
  }

  #connect(): void {
    this.#refusal = undefined
    const policy = watchContentPolicy(this.url)
    let socket: WebSocket
    try {
      socket = new this.#options.WebSocket(this.url, this.#options.protocols)
    } catch (error) {
      policy.stop()
      // Thrown for mixed content by browsers that follow the older text of the standard.
      if ((error as Error).name !== 'SecurityError') throw error
      queueMicrotask(() => void this.#explain(ABNORMAL, problem('NWS_CLIENT_MIXED_CONTENT')))
      return
    }
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    let opened = false
    socket.addEventListener('open', () => {
      opened = true
      if (this.#socket !== socket) return
      this.protocolName = socket.protocol
      this.extensions = socket.extensions
      const { token } = this.#options
      const { greeting } = this.#protocol
      if (token !== undefined) socket.send(JSON.stringify({ action: 'auth', token }))
      if (greeting === undefined) this.joined()
      else socket.send(greeting)
    })
    socket.addEventListener('message', ({ data }: MessageEvent) => {
      if (this.#socket === socket && this.state < CLOSING) this.#protocol.receive(data)
    })
    const lost = ({ code, reason, wasClean }: Pick<CloseEvent, 'code' | 'reason' | 'wasClean'>): void => {
      policy.stop()
      if (this.#socket !== socket) return
      this.#lost(code, reason, wasClean, policy.blocked ? problem('NWS_CLIENT_CONTENT_POLICY') : undefined)
    }
    socket.addEventListener('close', lost)
    // No close event follows in Chromium if the page's policy forbids the connection, and never in Node.js 22.
    socket.addEventListener('error', () => {
      setTimeout(() => {
        if (!opened || socket.readyState === CLOSED) lost({ code: ABNORMAL, reason: '', wasClean: false })
      })
    })
  }

  /** @param cause the reason of the failure, if the page itself knows it */
  #lost(code: number, reason: string, wasClean: boolean, cause: Problem | undefined): void {
    const wasJoined = this.#joined
    this.#socket = undefined
    this.#joined = false
    this.#outbox.stop()
    this.#protocol.lost()
    if (this.state === CLOSING) this.#finish(code, reason, wasClean)
    else if (wasJoined)
      this.#retry(code, reason, wasClean, wasClean ? undefined : problem('NWS_CLIENT_CONNECTION_LOST'))
    else if (wasClean || this.#refusal !== undefined)
      this.#retry(code, reason, wasClean, this.#refusal?.problem ?? refusalOf(reason))
    else void this.#explain(code, cause)
  }

  /** Looks for the reason of a failed attempt, once in an outage, and goes on from there. */
  async #explain(code: number, cause: Problem | undefined): Promise<void> {
    if (this.#diagnosed) return this.#retry(code, '', false, undefined)
    this.#diagnosed = true
    const error = cause ?? (await diagnose(this.#base))
    if (this.state !== CONNECTING) return
    if (this.#mayFallBack && error.code === 'NWS_CLIENT_NOT_A_PROXY') {
      this.#mayFallBack = this.#diagnosed = false
      this.#base = LOCAL_ENDPOINT
      return this.#connect()
    }
    // An obstacle in the page itself does not go away.
    this.#retry(code, '', false, error, cause !== undefined)
  }

  #retry(code: number, reason: string, wasClean: boolean, error: Problem | undefined, final = isFinal(code)): void {
    const delayMs = final ? undefined : this.#backoff?.next()
    this.state = delayMs === undefined ? CLOSED : CONNECTING
    if (error !== undefined) this.fail(error)
    if (delayMs === undefined) return this.#finish(code, reason, wasClean)
    const detail: ReconnectingDetail = { attempt: this.#backoff!.attempt, delayMs, code, reason }
    if (this.state === CONNECTING) this.#owner.dispatchEvent(new CustomEvent('reconnecting', { detail }))
    // A listener may have closed.
    if (this.state === CONNECTING) this.#backoff!.schedule(() => this.#connect(), delayMs)
  }

  #finish(code: number, reason: string, wasClean: boolean): void {
    this.state = CLOSED
    this.#discarded += this.#outbox.bytes
    this.#outbox.clear()
    this.#protocol.ended()
    this.#owner.dispatchEvent(closeEvent(code, reason, wasClean))
  }
}
