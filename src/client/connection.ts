// One channel's connection to the proxy: opens, reconnects and closes, and keeps the order of sent messages. It takes the
// protocol as an argument and dispatches events at its owner.
import { watchContentPolicy } from './content-policy.ts'
import { endpointBase, LOCAL_ENDPOINT } from './endpoint.ts'
import { problem, type Problem } from './errors.ts'
import { closeEvent, NetworkErrorEvent, type ReconnectingDetail } from './events.ts'
import { Outbox, type Frame } from './outbox.ts'
import { watchPage } from './page-life.ts'
import { byteLength, bytesOf, isBlob } from './payload.ts'
import { permissionFor, refusalOf, type PermissionState } from './permission.ts'
import { Backoff, MAX_QUEUED_BYTES, type ReconnectOptions } from './reconnect.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN, throwNotOpen, type ReadyState } from './socket-surface.ts'

export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket

export interface Protocol {
  /** The text that asks to confirm the join; undefined: a connection needs no confirmation. */
  readonly greeting: string | undefined
  /** Frames a message. Copies bytes. */
  encode(data: string | Uint8Array, target: string | undefined): Frame
  /** Takes any message of the proxy. MUST NOT throw. */
  receive(data: unknown): void
  /** The connection is lost. Another one may follow. */
  lost(): void
  /** The connection has ended. `close` follows. */
  ended(): void
}

export interface ConnectionOptions {
  readonly endpoint: string | URL
  /** Whether to try the proxy of this machine if there is none at the endpoint. */
  readonly mayFallBack: boolean
  /** Path and query after the endpoint. */
  readonly path: string
  readonly protocols: string | string[] | undefined
  readonly reconnect: ReconnectOptions | undefined
  readonly token: string | undefined
  /** The class, or a promise of it. */
  readonly WebSocket: WebSocketClass | Promise<WebSocketClass>
  /** Finds out why a connection failed. */
  readonly diagnose: (base: string) => Promise<Problem>
  /** Whether messages may wait for the first `open` too. */
  readonly queueEarly: boolean
}

/** Close code of a connection without a closing handshake. */
const ABNORMAL = 1006
const POLICY = 1008

/** Whether the close code forbids further attempts. */
function isFinal(code: number): boolean {
  return code === POLICY || (code >= 4500 && code <= 4999)
}

/** After this time without an answer the browser probably asks the user. */
const PROMPT_MS = 1000

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
  /** Whether the present socket has joined, and whether any socket has. */
  #joined = false
  #everJoined = false
  /** Whether this outage has been diagnosed. */
  #diagnosed = false
  /** Code of the problem with the permission that was told last in this outage. */
  #toldPermission: string | undefined
  /** The permission that the next attempt waits for. */
  #permission: PermissionState | undefined
  /** Set while the page is in the back/forward cache. */
  #frozen = false
  /** Changes with each end of a socket. */
  #turn = 0
  /** Frames written to the present socket. */
  #sent = 0
  readonly #stopWatching: () => void
  #refusal: { readonly problem: Problem; readonly detail: Record<string, unknown> } | undefined
  #discarded = 0
  #Socket!: WebSocketClass

  constructor(owner: EventTarget, speak: (connection: Connection) => Protocol, options: ConnectionOptions) {
    this.#owner = owner
    this.#options = options
    this.#base = endpointBase(options.endpoint)
    this.#protocol = speak(this)
    this.#mayFallBack = options.mayFallBack
    this.#backoff = options.reconnect && new Backoff(options.reconnect)
    this.#stopWatching = watchPage({
      frozen: () => this.#freeze(),
      thawed: () => this.#thaw(),
      woken: () => (this.#permission === undefined ? this.#backoff?.hurry() : void this.#lookAtPermission())
    })
    const { WebSocket } = options
    const begin = (Socket: WebSocketClass): void => {
      this.#Socket = Socket
      if (this.state === CONNECTING) this.#connect()
    }
    if (WebSocket instanceof Promise) void WebSocket.then(begin)
    else begin(WebSocket)
  }

  get url(): string {
    return this.#base + this.#options.path
  }

  /** Messages that were written to the present connection; the proxy counts them alike. */
  get messagesSent(): number {
    return this.#sent
  }

  /** Bytes that wait, and bytes that were discarded. */
  get bufferedAmount(): number {
    return this.#discarded + this.#outbox.bytes + (this.#socket?.bufferedAmount ?? 0)
  }

  /**
   * Sends a message to all, or to one peer, after all earlier messages.
   *
   * @throws DOMException InvalidStateError before the first `open`; QuotaExceededError if too much waits for a connection:
   *   the message is then not sent
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

  /** Sends a frame as `send` does. @param size needed for a promise of a frame */
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

  /** Closes after all earlier messages. The caller has checked the arguments. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.state > OPEN) return
    const socket = this.state === OPEN ? this.#socket : undefined
    this.state = CLOSING
    this.#backoff?.stop()
    if (socket !== undefined)
      return this.#outbox.whenEmpty(() => (code === undefined ? socket.close() : socket.close(code, reason)))
    // Platforms report the end of an attempt at different times, so this does not wait for it.
    const attempt = this.#socket
    this.#socket = undefined
    attempt?.close()
    queueMicrotask(() => this.#finish(ABNORMAL, '', false))
  }

  /** Dispatches an error. */
  fail(problem: Problem, detail?: Record<string, unknown>): void {
    this.#owner.dispatchEvent(new NetworkErrorEvent(problem, detail))
  }

  /** An error of the proxy. Before the join is decided, it is dispatched with the decision. */
  refused(problem: Problem, detail: Record<string, unknown>): void {
    if (this.#joined) this.fail(problem, detail)
    else this.#refusal = { problem, detail }
  }

  /** The proxy has confirmed the join. */
  joined(): void {
    if (this.#joined) return
    const first = !this.#everJoined
    this.#joined = this.#everJoined = true
    this.#mayFallBack = this.#diagnosed = false
    this.#toldPermission = undefined
    if (this.state !== CONNECTING) return
    this.state = OPEN
    this.#backoff?.opened()
    if (first || this.#protocol.greeting === undefined) this.synced()
    this.#owner.dispatchEvent(new Event('open'))
    if (this.#refusal !== undefined) this.fail(this.#refusal.problem, this.#refusal.detail)
  }

  /** All present peers are known: waiting messages may be sent. */
  synced(): void {
    const socket = this.#socket!
    this.#outbox.start(frame => this.#write(socket, frame))
  }

  /** Drops messages for peers that have left. */
  keepTargets(isThere: (target: string) => boolean): void {
    this.#outbox.keepTargets(isThere)
  }

  #connect(): void {
    this.#refusal = undefined
    const policy = watchContentPolicy(this.url)
    let socket: WebSocket
    try {
      socket = new this.#Socket(this.url, this.#options.protocols)
    } catch (error) {
      policy.stop()
      // Browsers with the older text of the standard throw it for mixed content.
      if ((error as Error).name !== 'SecurityError') throw error
      queueMicrotask(() => void this.#explain(ABNORMAL, problem('NWS_CLIENT_MIXED_CONTENT')))
      return
    }
    this.#socket = socket
    this.#sent = 0
    socket.binaryType = 'arraybuffer'
    let opened = false
    const asking = setTimeout(() => void this.#tellPrompt(socket), PROMPT_MS)
    socket.addEventListener('open', () => {
      opened = true
      clearTimeout(asking)
      if (this.#socket !== socket) return
      this.protocolName = socket.protocol
      this.extensions = socket.extensions
      const { token } = this.#options
      const { greeting } = this.#protocol
      if (token !== undefined) this.#write(socket, JSON.stringify({ action: 'auth', token }))
      if (greeting === undefined) this.joined()
      else this.#write(socket, greeting)
    })
    socket.addEventListener('message', ({ data }: MessageEvent) => {
      if (this.#socket === socket && this.state < CLOSING) this.#protocol.receive(data)
    })
    // A socket that comes back by itself says so.
    socket.addEventListener('way', event => this.#owner.dispatchEvent((event as CustomEvent<Event>).detail))
    const lost = ({ code, reason, wasClean }: Pick<CloseEvent, 'code' | 'reason' | 'wasClean'>): void => {
      policy.stop()
      clearTimeout(asking)
      if (this.#socket !== socket) return
      this.#lost(code, reason, wasClean, policy.blocked ? problem('NWS_CLIENT_CONTENT_POLICY') : undefined)
    }
    socket.addEventListener('close', lost)
    // Without a close event: Chromium, if the policy of the page forbids the connection, and always Node.js 22.
    socket.addEventListener('error', () => {
      setTimeout(() => {
        if (!opened || socket.readyState === CLOSED) lost({ code: ABNORMAL, reason: '', wasClean: false })
      })
    })
  }

  /** @param cause the reason, if the page knows it */
  #lost(code: number, reason: string, wasClean: boolean, cause: Problem | undefined): void {
    const wasJoined = this.#joined
    this.#detach()
    if (this.state === CLOSING) this.#finish(code, reason, wasClean)
    else if (wasJoined)
      this.#retry(code, reason, wasClean, wasClean ? undefined : problem('NWS_CLIENT_CONNECTION_LOST'))
    else if (wasClean || this.#refusal !== undefined)
      this.#retry(code, reason, wasClean, this.#refusal?.problem ?? problem('NWS_CLIENT_REFUSED'))
    else void this.#explain(code, cause)
  }

  /** Forgets the present socket, and all that goes on because of it. */
  #detach(): void {
    this.#turn++
    this.#socket = undefined
    this.#joined = false
    this.#outbox.stop()
    this.#protocol.lost()
  }

  #write(socket: WebSocket, frame: Frame): void {
    this.#sent++
    socket.send(frame)
  }

  /** The attempt takes long: tells the page if the browser asks the user meanwhile. */
  async #tellPrompt(socket: WebSocket): Promise<void> {
    const permission = await permissionFor(this.#base)
    if (this.#socket === socket && socket.readyState === CONNECTING) this.#tellPermission(refusalOf(permission))
  }

  #tellPermission(refusal: Problem | undefined): void {
    if (refusal === undefined || refusal.code === this.#toldPermission) return
    this.#toldPermission = refusal.code
    this.fail(refusal)
  }

  /** Waits until the user gives the permission that the browser has refused: another attempt would only open the prompt again. */
  #waitForPermission(code: number, permission: PermissionState, refusal: Problem): void {
    if (this.#backoff?.next() === undefined) {
      const wasTold = refusal.code === this.#toldPermission
      return this.#retry(code, '', false, wasTold ? undefined : refusal, true)
    }
    this.#tellPermission(refusal)
    if (this.state !== CONNECTING) return
    this.#permission = permission
    permission.onchange = () => void this.#lookAtPermission()
    this.#schedule(Infinity, code, '')
  }

  async #lookAtPermission(): Promise<void> {
    const permission = await permissionFor(this.#base)
    if (this.#permission === undefined) return
    const refusal = refusalOf(permission)
    if (refusal !== undefined) return this.#tellPermission(refusal)
    this.#forgetPermission()
    this.#toldPermission = undefined
    this.#diagnosed = false
    this.#backoff?.hurry()
  }

  #forgetPermission(): void {
    if (this.#permission !== undefined) this.#permission.onchange = null
    this.#permission = undefined
  }

  /** The page goes into the back/forward cache, so its peer leaves. */
  #freeze(): void {
    if (this.state > OPEN) return
    const socket = this.#socket
    this.#frozen = true
    this.#backoff?.stop()
    this.#forgetPermission()
    this.#detach()
    socket?.close()
  }

  #thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    this.#retry(ABNORMAL, '', false, problem('NWS_CLIENT_CONNECTION_LOST'))
    this.#backoff?.hurry()
  }

  /** Diagnoses a failed attempt, once per outage, and goes on. */
  async #explain(code: number, cause: Problem | undefined): Promise<void> {
    const turn = this.#turn
    const isOver = (): boolean => this.state !== CONNECTING || this.#turn !== turn
    const permission = cause === undefined ? await permissionFor(this.#base) : undefined
    if (isOver()) return
    const refusal = refusalOf(permission)
    if (refusal !== undefined) return this.#waitForPermission(code, permission!, refusal)
    if (this.#diagnosed) return this.#retry(code, '', false, undefined)
    this.#diagnosed = true
    const error = cause ?? (await this.#options.diagnose(this.#base))
    if (isOver()) return
    if (this.#mayFallBack && error.code === 'NWS_CLIENT_NOT_A_PROXY') {
      this.#mayFallBack = this.#diagnosed = false
      this.#base = LOCAL_ENDPOINT
      return this.#connect()
    }
    // A reason in the page itself is final.
    this.#retry(code, '', false, error, cause !== undefined)
  }

  #retry(code: number, reason: string, wasClean: boolean, error: Problem | undefined, final = isFinal(code)): void {
    const delayMs = final ? undefined : this.#backoff?.next()
    this.state = delayMs === undefined ? CLOSED : CONNECTING
    if (error !== undefined) this.fail(error)
    if (delayMs === undefined) return this.#finish(code, reason, wasClean)
    this.#schedule(delayMs, code, reason)
  }

  #schedule(delayMs: number, code: number, reason: string): void {
    const detail: ReconnectingDetail = { attempt: this.#backoff!.attempt, delayMs, code, reason }
    if (this.state === CONNECTING) this.#owner.dispatchEvent(new CustomEvent('reconnecting', { detail }))
    // A listener may have closed.
    if (this.state === CONNECTING) this.#backoff!.schedule(() => this.#connect(), delayMs)
  }

  #finish(code: number, reason: string, wasClean: boolean): void {
    this.state = CLOSED
    this.#stopWatching()
    this.#forgetPermission()
    this.#discarded += this.#outbox.bytes
    this.#outbox.clear()
    this.#protocol.ended()
    this.#owner.dispatchEvent(closeEvent(code, reason, wasClean))
  }
}
