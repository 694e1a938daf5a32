// The connection to the rendezvous: login, reconnection with the session, and requests with one answer each. It passes on all
// other messages.
import { isLoopbackHost } from '../endpoint.ts'
import { Backoff, type ReconnectOptions } from '../reconnect.ts'
import { BoneValueError, failure, type Failure } from './errors.ts'
import type { Signal } from './direct-connection.ts'
import { readWire, type WireMessage } from './rendezvous-wire.ts'

export type WebSocketClass = new (url: string) => WebSocket

export interface RendezvousEvents {
  received(message: WireMessage): void
  /** Connected, for the first time or again. The id is known. */
  connected(): void
  /** The connection is lost. @param isFinal whether no further attempt follows */
  disconnected(isFinal: boolean): void
  failed(problem: Failure): void
}

export interface RendezvousOptions {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly WebSocket: WebSocketClass
  readonly reconnect: ReconnectOptions | undefined
}

const ANSWERS = {
  requestToken: 'tokenResponse',
  claimToken: 'claimResponse',
  inviteUser: 'inviteResponse',
  userRemove: 'userRemove'
} as const
type Request = keyof typeof ANSWERS
type AnswerTo<Type extends Request> = WireMessage & { type: (typeof ANSWERS)[Type] }

interface Asked {
  readonly type: Request
  readonly name: unknown
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
  #password: string | undefined
  #session: string | undefined
  #socket: WebSocket | undefined
  #asked: Asked[] = []
  /** The error of the rendezvous before it closes this socket. */
  #refusal: Failure | undefined
  #wasConnected = false
  #isOver = false

  constructor(events: RendezvousEvents, options: RendezvousOptions) {
    this.#events = events
    this.#options = options
    this.#password = options.password
    this.#backoff = options.reconnect && new Backoff({ maxDelayMs: MAX_DELAY_MS, ...options.reconnect })
    this.#connect()
  }

  /** Sends a signal to a peer. Does nothing while offline. */
  signal(to: string, signal: Signal): void {
    const content =
      signal.type === 'candidate'
        ? { candidate: signal.candidate }
        : { peer: Number(to), spd: { type: signal.type, sdp: signal.sdp } }
    this.#send(SIGNAL_TYPES[signal.type], { to: Number(to), ...content })
  }

  /** Sends a request. @throws BoneValueError (the promise) with the code of the rendezvous, or DISCONNECTED */
  ask<Type extends Request>(type: Type, data: Readonly<Record<string, unknown>>): Promise<AnswerTo<Type>> {
    if (!this.isOnline) return Promise.reject(new BoneValueError(failure('DISCONNECTED')))
    this.#send(type, data)
    return new Promise((resolve, reject) => {
      this.#asked.push({ type, name: data['name'], resolve, reject })
    })
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#backoff?.stop()
    const socket = this.#socket
    this.#lost()
    socket?.close()
    this.#events.disconnected(true)
  }

  #send(type: string, data: unknown): void {
    if (this.isOnline) this.#socket?.send(JSON.stringify({ type, data }))
  }

  #connect(): void {
    this.#refusal = undefined
    let socket: WebSocket
    try {
      socket = new this.#options.WebSocket(this.#options.url)
    } catch {
      queueMicrotask(() => this.#ended(undefined, '')) // A page from https may not open it.
      return
    }
    this.#socket = socket
    socket.addEventListener('open', () => {
      const { user } = this.#options
      const data = this.#session === undefined ? { user, password: this.#password } : { session: this.#session }
      if (this.#socket === socket) socket.send(JSON.stringify({ type: 'login', data }))
    })
    socket.addEventListener('message', ({ data }) => {
      const message = this.#socket === socket ? readWire(data) : undefined
      if (message !== undefined) this.#receive(message)
    })
    socket.addEventListener('error', () => {}) // In Node.js an error without a listener ends the process.
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket === socket) this.#ended(code, reason)
    })
  }

  #receive(message: WireMessage): void {
    if (message.type === 'login') {
      this.#session = message.session
      // The session is enough from now on.
      if (message.session !== undefined) this.#password = undefined
    }
    if (message.type === 'error') {
      const problem = { err: message.message, code: message.code }
      if (this.#isAnswer(message)) return this.#asked.shift()!.reject(new BoneValueError(problem))
      // An error without a type, or before the login, is the reason why the socket is about to close.
      if (!this.isOnline || message.about === undefined) this.#refusal = problem
    }
    this.#events.received(message)
    if (message.type === 'setPeerId') {
      this.isOnline = this.#wasConnected = true
      this.#backoff?.opened()
      this.#events.connected()
    } else if (this.#isAnswer(message)) {
      this.#asked.shift()!.resolve(message as never)
    }
  }

  /** Answers arrive in the order of the requests. */
  #isAnswer(message: WireMessage): boolean {
    const first = this.#asked[0]
    if (first === undefined) return false
    if (message.type === 'error') return message.about === first.type
    return message.type === ANSWERS[first.type] && (message.type !== 'userRemove' || message.name === first.name)
  }

  #lost(): void {
    this.#socket = undefined
    this.isOnline = false
    for (const { reject } of this.#asked.splice(0)) reject(new BoneValueError(failure('DISCONNECTED')))
  }

  #ended(code: number | undefined, reason: string): void {
    if (this.#isOver) return
    const wasOnline = this.isOnline
    this.#lost()
    const isRefused = code !== undefined && code >= 4500 && code <= 4999
    const mayRetry = this.#wasConnected && this.#session !== undefined && !isRefused
    const delay = mayRetry ? this.#backoff?.next() : undefined
    const said =
      this.#refusal ??
      (/^NWS_ERR_\w+$/.test(reason) ? { err: 'The rendezvous closed the connection.', code: reason } : undefined)
    if (delay === undefined && (!wasOnline || said !== undefined)) this.#events.failed(said ?? failure('UNREACHABLE'))
    if (delay === undefined) {
      this.#isOver = true
      this.#events.disconnected(true)
    } else {
      if (wasOnline) this.#events.disconnected(false)
      this.#backoff!.schedule(() => this.#connect(), delay)
    }
  }
}
