// The connection to the rendezvous: login, reconnection with the session, signs of life, and requests with one answer each. It
// passes on all other messages.
import { isLoopbackHost } from '../endpoint.ts'
import { watchPage } from '../page-life.ts'
import { Backoff, type ReconnectOptions } from '../reconnect.ts'
import { BoneValueError, failure, type Failure } from './errors.ts'
import type { Signal } from './direct-connection.ts'
import { readWire, type WireMessage } from './rendezvous-wire.ts'

export type WebSocketClass = new (url: string) => WebSocket

/** `away`: tries again. `out`: the login was refused. `over`: logged out, or shut out. */
export type Ending = 'away' | 'out' | 'over'

export interface RendezvousEvents {
  received(message: WireMessage): void
  /** Connected, for the first time or again. Users and peers are known. */
  connected(): void
  /** The connection is lost. */
  disconnected(ending: Ending): void
  failed(problem: Failure): void
}

/** Milliseconds. */
export interface RendezvousTimings {
  /** Silence after which the rendezvous is asked for a sign of life. */
  readonly heartbeatMs: number
  /** Limit for that sign. */
  readonly lifeMs: number
  /** Limit for a login, and for the answer to a request. */
  readonly answerMs: number
}

export type Credentials = { readonly user: string; readonly password: string } | { readonly session: string }

export interface RendezvousOptions {
  readonly url: string
  readonly credentials: Credentials
  /** Names the page within its session: the rendezvous gives it the same id whenever it comes back. */
  readonly page: string
  readonly WebSocket: WebSocketClass
  readonly reconnect: ReconnectOptions | undefined
  readonly timings: RendezvousTimings
}

/** Requests with an answer of their own. All others are answered by `done`. */
const ANSWERS = {
  requestToken: 'tokenResponse',
  claimToken: 'claimResponse',
  inviteUser: 'inviteResponse'
} as const
export type AnswerTo<Type extends string> = WireMessage & {
  type: Type extends keyof typeof ANSWERS ? (typeof ANSWERS)[Type] : 'done'
}

interface Asked {
  readonly type: string
  readonly timer: ReturnType<typeof setTimeout>
  readonly resolve: (answer: never) => void
  readonly reject: (error: BoneValueError) => void
}

const SIGNAL_TYPES = { offer: 'peerRequest', answer: 'peerResponse', candidate: 'peerCandidate' } as const

/** Longest pause between attempts. The peers that are kept meanwhile are kept for longer. */
const MAX_DELAY_MS = 5000

/**
 * The URL of a rendezvous.
 *
 * @param host name with or without port, or a URL
 * @returns undefined for other texts
 */
export function rendezvousUrl(
  host: string,
  page: { readonly protocol: string } | undefined = (globalThis as { location?: Location }).location
): string | undefined {
  const isUrl = /^[a-z][a-z\d+.-]*:\/\//i.test(host)
  const given = isUrl ? host : `ws://${host}`
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^(?:ws|http)s?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined
  if (isUrl) return url.href.replace(/^http/, 'ws').replace(/#.*$/, '')
  // Pages from https may use ws: for their own machine only.
  return page?.protocol === 'https:' && !isLoopbackHost(url.hostname) ? url.href.replace(/^ws:/, 'wss:') : url.href
}

export class Rendezvous {
  /** Whether messages can be sent. */
  isOnline = false
  readonly #events: RendezvousEvents
  readonly #options: RendezvousOptions
  readonly #backoff: Backoff | undefined
  readonly #unwatch: () => void
  #credentials: Credentials
  #socket: WebSocket | undefined
  #asked: Asked[] = []
  /** The error of the rendezvous before it closes this socket. */
  #refusal: Failure | undefined
  /** The problem of the first login that the application knows. */
  #told: string | undefined
  #wasConnected = false
  #isOver = false
  #isDoubtful = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(events: RendezvousEvents, options: RendezvousOptions) {
    this.#events = events
    this.#options = options
    this.#credentials = options.credentials
    this.#backoff = options.reconnect && new Backoff({ maxDelayMs: MAX_DELAY_MS, ...options.reconnect })
    const look = (): void => {
      this.doubt()
      this.#backoff?.hurry()
    }
    this.#unwatch = watchPage({ frozen: () => {}, thawed: look, woken: look })
    this.#connect()
  }

  /** The session of the last login. */
  get session(): string | undefined {
    return 'session' in this.#credentials ? this.#credentials.session : undefined
  }

  /** Sends a signal to a peer. Does nothing while offline. */
  signal(to: string, signal: Signal): void {
    const content =
      signal.type === 'candidate'
        ? { candidate: signal.candidate }
        : { peer: Number(to), spd: { type: signal.type, sdp: signal.sdp } }
    this.#send(SIGNAL_TYPES[signal.type], { to: Number(to), ...content })
    // The offer may be the first message after the way was lost.
    if (signal.type === 'offer') this.doubt()
  }

  /** Sends a request. @throws BoneValueError (the promise) with the code of the rendezvous, or DISCONNECTED */
  ask<Type extends string>(type: Type, data: Readonly<Record<string, unknown>>): Promise<AnswerTo<Type>> {
    if (!this.isOnline) return Promise.reject(new BoneValueError(failure('DISCONNECTED')))
    this.#send(type, data)
    this.doubt()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#abandon(), this.#options.timings.answerMs)
      this.#asked.push({ type, timer, resolve, reject })
    })
  }

  /** Asks for a sign of life, unless one is awaited already. Without one the connection is lost. */
  doubt(): void {
    if (!this.isOnline || this.#isDoubtful) return
    this.#isDoubtful = true
    this.#send('ping', {})
    this.#after(this.#options.timings.lifeMs, () => this.#abandon())
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#isOver) return
    const socket = this.#socket
    this.#lost()
    socket?.close()
    this.#finish('over')
  }

  #send(type: string, data: unknown): void {
    if (this.isOnline) this.#socket?.send(JSON.stringify({ type, data }))
  }

  #after(ms: number, callback: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(callback, ms)
  }

  #connect(): void {
    this.#refusal = undefined
    let socket: WebSocket
    try {
      socket = new this.#options.WebSocket(this.#options.url)
    } catch {
      queueMicrotask(() => this.#ended(4500, '')) // A page from https may not open it.
      return
    }
    this.#socket = socket
    this.#after(this.#options.timings.answerMs, () => this.#abandon())
    socket.addEventListener('open', () => {
      if (this.#socket === socket)
        socket.send(JSON.stringify({ type: 'login', data: { ...this.#credentials, page: this.#options.page } }))
    })
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket !== socket) return
      if (this.isOnline) {
        this.#isDoubtful = false
        this.#after(this.#options.timings.heartbeatMs, () => this.doubt())
      }
      const message = readWire(data)
      if (message !== undefined) this.#receive(message)
    })
    socket.addEventListener('error', () => {}) // In Node.js an error without a listener ends the process.
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket === socket) this.#ended(code, reason)
    })
  }

  #receive(message: WireMessage): void {
    // The session is enough from now on.
    if (message.type === 'login' && message.session !== undefined) this.#credentials = { session: message.session }
    if (message.type === 'error') {
      const { message: err, code, retryAfterMs } = message
      const problem = { err, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      if (this.#isAnswer(message)) return this.#takeAsked().reject(new BoneValueError(problem))
      // An error without a type, or before the login, is the reason why the socket is about to close.
      if (!this.isOnline || message.about === undefined) this.#refusal = problem
    }
    this.#events.received(message)
    if (message.type === 'peerList') {
      this.isOnline = this.#wasConnected = true
      this.#isDoubtful = false
      this.#backoff?.opened()
      this.#after(this.#options.timings.heartbeatMs, () => this.doubt())
      this.#events.connected()
    } else if (this.#isAnswer(message)) {
      this.#takeAsked().resolve(message as never)
    }
  }

  /** Answers arrive in the order of the requests. */
  #isAnswer(message: WireMessage): boolean {
    const first = this.#asked[0]
    if (first === undefined) return false
    if (message.type === 'error' || message.type === 'done') return message.about === first.type
    return message.type === (ANSWERS as Readonly<Record<string, string>>)[first.type]
  }

  #takeAsked(): Asked {
    const asked = this.#asked.shift()!
    clearTimeout(asked.timer)
    return asked
  }

  /** The rendezvous does not answer any more, although the socket seems to be open. */
  #abandon(): void {
    const socket = this.#socket
    this.#ended(undefined, '')
    socket?.close()
  }

  #lost(): void {
    this.#socket = undefined
    this.isOnline = false
    clearTimeout(this.#timer)
    while (this.#asked.length > 0) this.#takeAsked().reject(new BoneValueError(failure('DISCONNECTED')))
  }

  #ended(code: number | undefined, reason: string): void {
    if (this.#isOver) return
    const wasOnline = this.isOnline
    this.#lost()
    const isRefused = code !== undefined && code >= 4500 && code <= 4999
    const delay = isRefused ? undefined : this.#backoff?.next()
    const said =
      this.#refusal ??
      (/^NWS_ERR_\w+$/.test(reason) ? { err: 'The rendezvous closed the connection.', code: reason } : undefined)
    const problem = said ?? failure('UNREACHABLE')
    const isNews = delay === undefined ? !wasOnline || said !== undefined : !this.#wasConnected
    if (isNews && (delay === undefined || this.#told !== problem.code)) {
      this.#told = problem.code
      this.#events.failed(problem)
    }
    if (this.#isOver) return // The application may have logged out.
    if (delay === undefined) return this.#finish(wasOnline ? 'over' : 'out')
    if (wasOnline) this.#events.disconnected('away')
    this.#backoff!.schedule(() => this.#connect(), Math.max(delay, said?.retryAfterMs ?? 0))
  }

  #finish(ending: Ending): void {
    this.#isOver = true
    this.#backoff?.stop()
    this.#unwatch()
    clearTimeout(this.#timer)
    this.#events.disconnected(ending)
  }
}
