// All connections of a page: one per peer, at most 32, and requests and offers that wait for room.
import type { PeerConnection, PeerConnectionClass, PeerConnectionConfiguration, Stream } from '../platform-types.ts'
import type { Call } from './call.ts'
import type { Reply } from './conversation.ts'
import type { Signal } from './direct-connection.ts'
import { readAttempt } from './negotiation.ts'
import { PeerLink, type PeerLinkDeps, type LinkTimings } from './peer-link.ts'

/** RTCPeerConnections at once. */
const MAX_LINKS = 32
/** Own unanswered offers at once. With more, all pages could wait for each other's room. */
const MAX_UNANSWERED = 24
/** Offers that may wait for room, and signals with one of them. */
const MAX_WAITING_OFFERS = 256
const MAX_WAITING_SIGNALS = 64

export interface LinksDeps {
  readonly timings: LinkTimings
  readonly RTCPeerConnection: () => PeerConnectionClass
  readonly configuration: () => PeerConnectionConfiguration
  readonly ownId: () => string | null
  readonly isOnline: () => boolean
  /** Name of the peer's user; undefined if the peer is not online. */
  readonly nameOf: (peerId: string) => string | undefined
  /** Whether the rendezvous says that a peer is online. If not, the link is the only way to it. */
  readonly isListed: (peerId: string) => boolean
  /** A link is over. */
  readonly ended: (peerId: string) => void
  readonly send: (peerId: string, signal: Signal) => void
  readonly answer: (
    peerId: string,
    name: string,
    module: string,
    data: unknown,
    signal: AbortSignal,
    reply: Reply
  ) => void
  /** The peer sends a stream. */
  readonly streamed: (peerId: string, name: string, stream: Stream) => void
}

export class Links {
  readonly #deps: LinksDeps
  readonly #linkDeps: PeerLinkDeps
  /** Links that take requests. */
  readonly #links = new Map<string, PeerLink>()
  /** All links, also those that are about to end. */
  readonly #all = new Set<PeerLink>()
  /** Requests that wait for room or for the rendezvous. */
  readonly #calls = new Map<string, Set<Call>>()
  /** Own streams, by the peers that get them. */
  readonly #streams = new Map<string, Set<Stream>>()
  /** Offers of others that wait for room, each with its candidates. */
  readonly #offers = new Map<string, Signal[]>()

  constructor(deps: LinksDeps) {
    this.#deps = deps
    this.#linkDeps = {
      timings: deps.timings,
      get RTCPeerConnection() {
        return deps.RTCPeerConnection()
      },
      get configuration() {
        return deps.configuration()
      },
      isPolite: peerId => Number(deps.ownId()) < Number(peerId),
      isOnline: deps.isOnline,
      isListed: deps.isListed,
      send: deps.send,
      answer: (link, module, data, signal, reply) =>
        deps.answer(link.peerId, deps.nameOf(link.peerId) ?? link.name, module, data, signal, reply),
      streamsOf: peerId => this.#streams.get(peerId) ?? [],
      streamed: (link, stream) => deps.streamed(link.peerId, deps.nameOf(link.peerId) ?? link.name, stream),
      leaving: link => this.#release(link),
      ended: link => {
        this.#release(link)
        this.#all.delete(link)
        if (!this.#links.has(link.peerId)) deps.ended(link.peerId)
        this.#fill()
      },
      again: (link, calls) => {
        const isGone = deps.nameOf(link.peerId) === undefined
        for (const call of calls) {
          if (isGone) call.settle({ code: 'PEER_GONE' })
          else this.#wait(link.peerId, call)
        }
      },
      changed: () => this.#fill()
    }
  }

  /** Whether there is an open connection with a peer. If the peer shows no sign of life, the connection is about to end. */
  check(peerId: string): boolean {
    const link = this.#links.get(peerId)
    link?.check()
    return link?.isOpen ?? false
  }

  ask(peerId: string, call: Call): void {
    const link = this.#links.get(peerId)
    if (link !== undefined) return link.ask(call)
    this.#wait(peerId, call)
    this.#fill()
  }

  /** The connection with a peer; undefined: none is open. */
  connection(peerId: string): PeerConnection | undefined {
    const link = this.#links.get(peerId)
    return link?.isOpen === true ? link.connection : undefined
  }

  /** Sends a stream to a peer, also over later connections. It makes no connection. */
  addStream(peerId: string, stream: Stream): void {
    const streams = this.#streams.get(peerId) ?? new Set()
    if (streams.has(stream)) return
    this.#streams.set(peerId, streams.add(stream))
    this.#links.get(peerId)?.addStream(stream)
  }

  removeStream(peerId: string, stream: Stream): void {
    const streams = this.#streams.get(peerId)
    if (streams?.delete(stream) !== true) return
    if (streams.size === 0) this.#streams.delete(peerId)
    this.#links.get(peerId)?.removeStream(stream)
  }

  /** A signal of a trusted peer. */
  receive(peerId: string, signal: Signal): void {
    const link = this.#links.get(peerId)
    if (link !== undefined) {
      if (link.receive(signal)) return
      // The peer has started a new connection. It may still answer requests on the old one.
      link.drain()
    } else if (signal.type === 'offer' && readAttempt(signal.sdp).to !== undefined) {
      return // For a connection that is over.
    }
    const waiting = this.#offers.get(peerId)
    if (signal.type === 'offer') {
      this.#offers.delete(peerId)
      if (this.#offers.size < MAX_WAITING_OFFERS) this.#offers.set(peerId, [signal])
    } else if (signal.type === 'candidate' && waiting !== undefined && waiting.length < MAX_WAITING_SIGNALS) {
      waiting.push(signal)
    }
    this.#fill()
  }

  /** The rendezvous is back or lost. */
  changed(): void {
    if (!this.#deps.isOnline()) {
      // Unopened links need the rendezvous. Their requests wait for it.
      this.#offers.clear()
      for (const link of [...this.#links.values()]) if (!link.isOpen) link.close()
    }
    for (const link of [...this.#links.values()]) link.rest()
    this.#fill()
  }

  gone(peerId: string): void {
    this.#offers.delete(peerId)
    this.#links.get(peerId)?.drain()
    const calls = this.#calls.get(peerId)
    this.#calls.delete(peerId)
    for (const call of calls ?? []) call.settle({ code: 'PEER_GONE' })
  }

  /** A user is no longer trusted, or was shut out: closes the links with their peers. @param isKept peers that keep theirs */
  cut(name: string, isKept: (peerId: string) => boolean = () => false): void {
    for (const link of [...this.#all])
      if (link.name === name && !isKept(link.peerId)) {
        this.#streams.delete(link.peerId)
        link.close()
      }
  }

  close(): void {
    this.#streams.clear()
    this.#offers.clear()
    const waiting = [...this.#calls.values()]
    this.#calls.clear()
    for (const calls of waiting) for (const call of calls) call.settle({ code: 'DISCONNECTED' })
    for (const link of [...this.#all]) link.drain()
    for (const link of [...this.#all]) link.close()
  }

  #wait(peerId: string, call: Call): void {
    if (call.isSettled) return
    const calls = this.#calls.get(peerId) ?? new Set()
    this.#calls.set(peerId, calls.add(call))
    call.onSettled = () => {
      calls.delete(call)
      if (calls.size === 0 && this.#calls.get(peerId) === calls) this.#calls.delete(peerId)
    }
  }

  #release(link: PeerLink): void {
    if (this.#links.get(link.peerId) === link) this.#links.delete(link.peerId)
  }

  /** Admits waiting offers and requests, as far as there is room. */
  #fill(): void {
    if (!this.#deps.isOnline()) return
    for (const [peerId, signals] of this.#offers) {
      if (!this.#hasRoom()) return
      this.#offers.delete(peerId)
      const link = this.#open(peerId)
      for (const signal of signals) link.receive(signal)
      this.#hand(peerId, link)
    }
    for (const peerId of this.#calls.keys()) {
      const known = this.#links.get(peerId)
      if (known !== undefined) {
        this.#hand(peerId, known)
        continue
      }
      if (this.#deps.nameOf(peerId) === undefined) continue
      if (!this.#hasRoom() || this.#unanswered() >= MAX_UNANSWERED) return
      const link = this.#open(peerId)
      link.offer()
      this.#hand(peerId, link)
    }
  }

  #hand(peerId: string, link: PeerLink): void {
    const calls = this.#calls.get(peerId)
    this.#calls.delete(peerId)
    for (const call of calls ?? []) link.ask(call)
  }

  #open(peerId: string): PeerLink {
    const link = new PeerLink(this.#linkDeps, peerId, this.#deps.nameOf(peerId) ?? '')
    this.#links.set(peerId, link)
    this.#all.add(link)
    return link
  }

  #unanswered(): number {
    let count = 0
    for (const link of this.#all) if (link.isUnanswered) count++
    return count
  }

  /** Whether there is room for one more link. If not, asks the longest unused link to leave. */
  #hasRoom(): boolean {
    if (this.#all.size < MAX_LINKS) return true
    if (this.#all.size > this.#links.size) return false // A link is leaving already.
    let oldest: PeerLink | undefined
    for (const link of this.#links.values())
      if (link.isIdle && link.usedAt < (oldest?.usedAt ?? Infinity)) oldest = link
    oldest?.leave()
    return false
  }
}
