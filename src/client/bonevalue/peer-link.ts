// A connection with one peer and its requests, which wait until it is open. When neither end needs it, the two ends say
// goodbye.
import type { PeerConnection, PeerConnectionClass, PeerConnectionConfiguration, Stream } from '../platform-types.ts'
import type { Call } from './call.ts'
import { Conversation, type ConversationChannel, type Reply } from './conversation.ts'
import { DirectConnection, type Signal } from './direct-connection.ts'

/** Milliseconds. */
export interface LinkTimings {
  /** Limit until a connection is open. */
  readonly connectMs: number
  /** After this time an unused kept connection is closed. */
  readonly keepAliveMs: number
  /** Limit for a sign of life of a peer that seems to have left, and for the other end of a farewell. */
  readonly farewellMs: number
}

export interface PeerLinkDeps {
  readonly timings: LinkTimings
  readonly RTCPeerConnection: PeerConnectionClass
  readonly configuration: PeerConnectionConfiguration
  isPolite(peerId: string): boolean
  /** Whether the rendezvous can be reached. Without it no connection is made, and no unused one is closed. */
  isOnline(): boolean
  /** Whether the rendezvous says that the peer is online. */
  isListed(peerId: string): boolean
  send(peerId: string, signal: Signal): void
  answer(link: PeerLink, module: string, data: unknown, signal: AbortSignal, reply: Reply): void
  /** The streams that this page sends to the peer. */
  streamsOf(peerId: string): Iterable<Stream>
  streamed(link: PeerLink, stream: Stream): void
  /** The link takes no new requests. It still counts until `ended`. */
  leaving(link: PeerLink): void
  ended(link: PeerLink): void
  /** The other end did not take these calls. They may be asked again. */
  again(link: PeerLink, calls: Call[]): void
  /** The link may be idle or answered now. */
  changed(): void
}

export class PeerLink {
  readonly peerId: string
  /** Name of the user at the start of the link. */
  readonly name: string
  /** Last use, by `performance.now`. */
  usedAt = performance.now()
  readonly #deps: PeerLinkDeps
  readonly #connection: DirectConnection
  #conversation: Conversation | undefined
  #waiting: Call[] = []
  #state: 'taking' | 'draining' | 'leaving' | 'over' = 'taking'
  #hasShownLife = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Limits for signs of life. */
  readonly #checks = new Set<ReturnType<typeof setTimeout>>()

  constructor(deps: PeerLinkDeps, peerId: string, name: string) {
    this.#deps = deps
    this.peerId = peerId
    this.name = name
    this.#connection = new DirectConnection({
      RTCPeerConnection: deps.RTCPeerConnection,
      configuration: deps.configuration,
      isPolite: deps.isPolite(peerId),
      connectTimeoutMs: deps.timings.connectMs,
      send: signal => {
        if (deps.isOnline()) deps.send(peerId, signal)
        else this.#conversation?.signal(signal)
      },
      canSignal: () => deps.isOnline() && this.#state === 'taking',
      streamed: stream => deps.streamed(this, stream),
      negotiated: () => this.rest(),
      opened: channel => this.#opened(channel),
      ended: () => this.#ended()
    })
  }

  get isOpen(): boolean {
    return this.#conversation !== undefined
  }

  /** Whether the offer of this end has no answer yet. */
  get isUnanswered(): boolean {
    return this.#connection.isUnanswered
  }

  /** Whether it is open and has nothing to do. */
  get isIdle(): boolean {
    return this.#state === 'taking' && this.#conversation !== undefined && !this.#isBusy
  }

  get connection(): PeerConnection {
    return this.#connection.connection
  }

  get #isBusy(): boolean {
    const [stream] = this.#deps.streamsOf(this.peerId)
    return this.#conversation!.isBusy || stream !== undefined || this.#connection.hasMedia
  }

  /** Sends a stream, now or when the link is open. */
  addStream(stream: Stream): void {
    if (this.isOpen) this.#connection.addStream(stream)
  }

  removeStream(stream: Stream): void {
    if (this.isOpen) this.#connection.removeStream(stream)
  }

  offer(): void {
    this.#connection.offer()
  }

  /** @returns false if the signal is for a new connection of the other end */
  receive(signal: Signal): boolean {
    return this.#connection.receive(signal)
  }

  /** Asks the other end, now or after it has opened. */
  ask(call: Call): void {
    if (this.#conversation !== undefined) return this.#conversation.ask(call)
    this.#waiting.push(call)
    call.onSettled = () => {
      this.#waiting = this.#waiting.filter(other => other !== call)
    }
  }

  /** Says goodbye to the other end, which may ask again elsewhere. Call it while idle. */
  leave(): void {
    if (this.#state === 'leaving' || this.#state === 'over') return
    this.#state = 'leaving'
    this.#deps.leaving(this)
    this.#conversation?.sayBye()
    this.#after(this.#deps.timings.farewellMs, () => this.#connection.close())
  }

  /** The peer seems to have left. If it still answers, running requests may finish. */
  drain(): void {
    if (this.#state !== 'taking') return
    this.#state = 'draining'
    this.#deps.leaving(this)
    if (this.#conversation === undefined) return this.close()
    this.#after(this.#deps.timings.farewellMs, () => this.#connection.close())
    this.#conversation.ping(() => {
      this.#hasShownLife = true
      this.rest()
    })
  }

  /** The peer may be gone: without a sign of life the link ends. */
  check(): void {
    if (this.#conversation === undefined || this.#state !== 'taking') return
    const timer = setTimeout(() => this.close(), this.#deps.timings.farewellMs)
    this.#checks.add(timer)
    this.#conversation.ping(() => {
      clearTimeout(timer)
      this.#checks.delete(timer)
    })
  }

  close(): void {
    this.#connection.close()
  }

  /** Checks whether the link is still needed. */
  rest(): void {
    if (this.#state === 'draining') return this.#restDraining()
    if (this.#state !== 'taking' || this.#conversation === undefined) return
    clearTimeout(this.#timer)
    this.#deps.changed()
    if (this.#isBusy || !this.#deps.isOnline() || !this.#deps.isListed(this.peerId)) return
    const { hasAsked, isKept, isKeptByOther } = this.#conversation
    // The asking end knows that nothing more comes. It waits a moment, since the application may ask again.
    const isNeeded = !hasAsked || isKept || isKeptByOther
    this.#after(isNeeded ? this.#deps.timings.keepAliveMs : 0, () => this.leave())
  }

  /** Waits, since the other end may not know yet why this one leaves, and may ask again. */
  #restDraining(): void {
    if (!this.#hasShownLife) return
    clearTimeout(this.#timer)
    if (!this.#conversation!.isBusy) this.#after(this.#deps.timings.farewellMs, () => this.leave())
  }

  #opened(channel: ConversationChannel): void {
    this.#conversation = new Conversation(channel, {
      answer: (module, data, signal, reply) => this.#deps.answer(this, module, data, signal, reply),
      signalled: signal => this.#connection.receive(signal),
      saidBye: calls => {
        this.#deps.again(this, calls)
        this.close()
      },
      broken: () => this.close(),
      changed: () => {
        this.usedAt = performance.now()
        this.rest()
      }
    })
    const waiting = this.#waiting
    this.#waiting = []
    for (const stream of this.#deps.streamsOf(this.peerId)) this.#connection.addStream(stream)
    for (const call of waiting) this.#conversation.ask(call)
    this.rest()
  }

  #ended(): void {
    const wasDraining = this.#state !== 'taking'
    this.#state = 'over'
    clearTimeout(this.#timer)
    for (const timer of this.#checks) clearTimeout(timer)
    const asked = this.#conversation?.end() ?? []
    const waiting = this.#waiting
    this.#waiting = []
    this.#deps.ended(this)
    for (const call of asked) call.settle({ code: 'PEER_GONE' })
    if (wasDraining) for (const call of waiting) call.settle({ code: 'PEER_GONE' })
    else this.#deps.again(this, waiting)
  }

  #after(ms: number, callback: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(callback, ms)
  }
}
