// The connection with the rendezvous: logging in, coming back with the session when it is lost, and requests that have one
// answer each. Hands all other messages on; knows nothing of peers.
import { isLoopbackHost } from '../endpoint.ts'
import { Backoff, type ReconnectOptions } from '../reconnect.ts'
import { BoneValueError, failure, type Failure } from './errors.ts'
import type { Signal } from './direct-connection.ts'
import { readWire, type WireMessage } from './wire.ts'

/** The part of a WebSocket class that the library uses. */
export type WebSocketClass = new (url: string) => WebSocket

/** The owner of the connection. */
export interface RendezvousOwner {
  /** A message that is no answer to a request. */
  received(message: WireMessage): void
  /** The connection is made, for the first time or again, and the id is known. */
  connected(): void
  /** It is lost. @param isFinal no further attempt is made */
  disconnected(isFinal: boolean): void
  failed(problem: Failure): void
}

/** How to connect. */
export interface RendezvousOptions {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly WebSocket: WebSocketClass
  readonly reconnect: ReconnectOptions | undefined
}

/** Requests that have an answer, and that answer's type. */
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

/** Signals as the wire names them. */
const SIGNAL_TYPES = { offer: 'peerRequest', answer: 'peerResponse', candidate: 'peerCandidate' } as const

/** Longest pause between attempts. Peers that are kept meanwhile wait longer than that for each other. */
const MAX_DELAY_MS = 5000

/**
 * The address of a host.
 *
 * @param host name with or without port, or a whole URL
 * @returns undefined if it is neither
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
  // Pages that came over https may reach ws: on their own machine only.
  return page?.protocol === 'https:' && !isLoopbackHost(url.hostname) ? url.href.replace(/^ws:/, 'wss:') : url.href
}

/** A connection with the rendezvous. */
export class Rendezvous {
  /** Whether messages get through. */
  isOnline = false
  readonly #owner: RendezvousOwner
  readonly #options: RendezvousOptions
  readonly #backoff: Backoff | undefined
  #password: string | undefined
  #session: string | undefined
  #socket: WebSocket | undefined
  #asked: Asked[] = []
  /** The last message of the rendezvous on this socket, if it closes the socket. */
  #refusal: Failure | undefined
  #wasConnected = false
  #isOver = false

  constructor(owner: RendezvousOwner, options: RendezvousOptions) {
    this.#owner = owner
    this.#options = options
    this.#password = options.password
    this.#backoff = options.reconnect && new Backoff({ maxDelayMs: MAX_DELAY_MS, ...options.reconnect })
    this.#connect()
  }

  /** Sends a signal to a peer. Does nothing while the rendezvous is away. */
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

  /** Ends it for good. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#backoff?.stop()
    const socket = this.#socket
    this.#lost()
    socket?.close()
    this.#owner.disconnected(true)
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
      queueMicrotask(() => this.#ended(undefined, '')) // A page of https may not open it.
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
      // From now on the session is enough.
      if (message.session !== undefined) this.#password = undefined
    }
    if (message.type === 'error') {
      const problem = { err: message.message, code: message.code }
      if (this.#isAnswer(message)) return this.#asked.shift()!.reject(new BoneValueError(problem))
      // A message without a type, or before the login, is the reason why the socket is about to end.
      if (!this.isOnline || message.about === undefined) this.#refusal = problem
    }
    this.#owner.received(message)
    if (message.type === 'setPeerId') {
      this.isOnline = this.#wasConnected = true
      this.#backoff?.opened()
      this.#owner.connected()
    } else if (this.#isAnswer(message)) {
      this.#asked.shift()!.resolve(message as never)
    }
  }

  /** Answers come in the order of the requests. */
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
      (/^NWS_ERR_\w+$/.test(reason) ? { err: 'The rendezvous has ended the connection.', code: reason } : undefined)
    if (delay === undefined && (!wasOnline || said !== undefined)) this.#owner.failed(said ?? failure('UNREACHABLE'))
    if (delay === undefined) {
      this.#isOver = true
      this.#owner.disconnected(true)
    } else {
      if (wasOnline) this.#owner.disconnected(false)
      this.#backoff!.schedule(() => this.#connect(), delay)
    }
  }
}
