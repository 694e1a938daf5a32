// A connection with one peer and the requests on it: until it is open they wait, when nobody needs it any more the two
// ends part. Not how many such links there may be (links.ts).
import type { PeerConnectionClass, PeerConnectionConfiguration } from '../platform-types.ts'
import type { Call } from './call.ts'
import { Conversation, type ConversationChannel, type Reply } from './conversation.ts'
import { DirectConnection, type Signal } from './direct-connection.ts'

/** Times of a link, milliseconds. */
export interface LinkTimes {
  /** Until a connection has to be open. */
  readonly connectMs: number
  /** After which a connection that was to be kept is closed when it is not used. */
  readonly keepAliveMs: number
  /** For a sign of life of a peer that is said to be gone, and for the other end of a farewell. */
  readonly farewellMs: number
}

/** The owner of the links. */
export interface LinkOwner {
  readonly times: LinkTimes
  readonly RTCPeerConnection: PeerConnectionClass
  readonly configuration: PeerConnectionConfiguration
  isPolite(peerId: string): boolean
  /** Whether the rendezvous can be reached: else no connection is made, and none is given up for want of use. */
  isOnline(): boolean
  send(peerId: string, signal: Signal): void
  answer(link: PeerLink, module: string, data: unknown, reply: Reply): void
  /** The link takes no new requests; it still counts until `ended`. */
  leaving(link: PeerLink): void
  ended(link: PeerLink): void
  /** These were not taken by the other end and may be asked again. */
  again(link: PeerLink, calls: Call[]): void
  /** The link may have become free, or unanswered no more. */
  changed(): void
}

/** A connection with one peer. */
export class PeerLink {
  readonly peerId: string
  /** Name of the user when the link was made. */
  readonly name: string
  /** When it was last used, by `performance.now`. */
  usedAt = performance.now()
  readonly #owner: LinkOwner
  readonly #connection: DirectConnection
  #conversation: Conversation | undefined
  #waiting: Call[] = []
  #state: 'taking' | 'draining' | 'leaving' | 'over' = 'taking'
  #hasShownLife = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(owner: LinkOwner, peerId: string, name: string) {
    this.#owner = owner
    this.peerId = peerId
    this.name = name
    this.#connection = new DirectConnection({
      RTCPeerConnection: owner.RTCPeerConnection,
      configuration: owner.configuration,
      isPolite: owner.isPolite(peerId),
      connectTimeoutMs: owner.times.connectMs,
      send: signal => owner.send(peerId, signal),
      canSignal: () => owner.isOnline() && this.#state === 'taking',
      opened: channel => this.#opened(channel),
      ended: () => this.#ended()
    })
  }

  get isOpen(): boolean {
    return this.#conversation !== undefined
  }

  /** Whether this end has offered it and heard nothing yet. */
  get isUnanswered(): boolean {
    return this.#connection.isUnanswered
  }

  /** Whether it could be closed at once without anybody missing more than its being there. */
  get isIdle(): boolean {
    return this.#state === 'taking' && this.#conversation !== undefined && !this.#conversation.isBusy
  }

  /** Begins it from this end. */
  offer(): void {
    this.#connection.offer()
  }

  /** @returns false: the signal is for a new connection that the other end has begun */
  receive(signal: Signal): boolean {
    return this.#connection.receive(signal)
  }

  /** Asks the other end, now or once it is open. */
  ask(call: Call): void {
    if (this.#conversation !== undefined) return this.#conversation.ask(call)
    this.#waiting.push(call)
    call.onSettled = () => {
      this.#waiting = this.#waiting.filter(other => other !== call)
    }
  }

  /** Parts from the other end, which may ask again elsewhere. Only while idle. */
  leave(): void {
    if (this.#state === 'leaving' || this.#state === 'over') return
    this.#state = 'leaving'
    this.#owner.leaving(this)
    this.#conversation?.sayBye()
    this.#after(this.#owner.times.farewellMs, () => this.#connection.close())
  }

  /** The rendezvous says that the peer is gone. If it is not, running requests may still finish. */
  drain(): void {
    if (this.#state !== 'taking') return
    this.#state = 'draining'
    this.#owner.leaving(this)
    if (this.#conversation === undefined) return this.close()
    this.#after(this.#owner.times.farewellMs, () => this.#connection.close())
    this.#conversation.ping(() => {
      this.#hasShownLife = true
      this.rest()
    })
  }

  /** Ends it at once. */
  close(): void {
    this.#connection.close()
  }

  /** Looks again whether it is still needed. */
  rest(): void {
    if (this.#state === 'draining') return this.#restDraining()
    if (this.#state !== 'taking' || this.#conversation === undefined) return
    clearTimeout(this.#timer)
    this.#owner.changed()
    if (this.#conversation.isBusy || !this.#owner.isOnline()) return
    const { hasAsked, isKept, isKeptByOther } = this.#conversation
    // The other end knows that nothing more comes. Not at once: the receiver of the answer may ask again.
    const isNeeded = !hasAsked || isKept || isKeptByOther
    this.#after(isNeeded ? this.#owner.times.keepAliveMs : 0, () => this.leave())
  }

  /** Not at once: the other end may not have heard yet why this one is to leave, and may go on asking. */
  #restDraining(): void {
    if (!this.#hasShownLife) return
    clearTimeout(this.#timer)
    if (!this.#conversation!.isBusy) this.#after(this.#owner.times.farewellMs, () => this.leave())
  }

  #opened(channel: ConversationChannel): void {
    this.#conversation = new Conversation(channel, {
      answer: (module, data, reply) => this.#owner.answer(this, module, data, reply),
      saidBye: calls => {
        this.#owner.again(this, calls)
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
    for (const call of waiting) this.#conversation.ask(call)
    this.rest()
  }

  #ended(): void {
    const wasDraining = this.#state !== 'taking'
    this.#state = 'over'
    clearTimeout(this.#timer)
    const asked = this.#conversation?.end() ?? []
    const waiting = this.#waiting
    this.#waiting = []
    this.#owner.ended(this)
    for (const call of asked) call.settle({ code: 'PEER_GONE' })
    if (wasDraining) for (const call of waiting) call.settle({ code: 'PEER_GONE' })
    else this.#owner.again(this, waiting)
  }

  #after(ms: number, callback: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(callback, ms)
  }
}
