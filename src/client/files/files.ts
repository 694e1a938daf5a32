// The file transfers of one channel: own offers and offers of others, by id. Applications see transfers.ts.
import { decodeChunk, isChunk, MIN_WINDOW_BYTES } from './chunk.ts'
import { FileError } from './errors.ts'
import { Incoming } from './incoming.ts'
import { decodeMessage, encodeMessage, isFileMessage, type FileMessage, type FileMessageOf } from './messages.ts'
import { Offering, type OfferOptions } from './offering.ts'
import { Pace } from './pace.ts'
import type { FileDeps } from './port.ts'
import type { OfferedFile } from './supply.ts'
import { Windows } from './windows.ts'

/** Offers that may wait for an answer: of one peer, and of all. */
const MAX_OFFERS_PER_PEER = 16
const MAX_OFFERS = 64
/** Offers of the past that are remembered. */
const MAX_FINISHED = 64
/** Bytes that may be on their way to all receivers together, except for the least window of each. More would only wait in a proxy. */
const MAX_UNDER_WAY = 1024 * 1024
/** A peer that asks for offers gets one answer in this time. Milliseconds. */
const SEEK_MS = 100

/** The transfers of one channel. */
export class Files {
  readonly #deps: FileDeps
  readonly #pace: Pace
  readonly #windows = new Windows()
  readonly #offerings = new Map<string, Offering>()
  /** Offers of others. Two may have the same id: then one peer repeats the offer of another. */
  readonly #incoming = new Set<Incoming>()
  /** Those that are over, the last one at the end. */
  readonly #finished: Incoming[] = []
  readonly #peers = new Set<string>()
  /** Peers that have asked for offers. */
  readonly #seeking = new Set<string>()
  /** Peers that were told that they offer too much, and still do. */
  readonly #tooMany = new Set<string>()
  #onOffer: ((incoming: Incoming) => void) | undefined
  #isOnline = false
  #isDue = false
  #stream: number

  constructor(deps: FileDeps) {
    this.#deps = deps
    this.#pace = new Pace(deps.clock)
    this.#stream = Number.parseInt(deps.randomId().slice(0, 7), 16)
  }

  /** Takes offers from now on, also those that were made before. undefined: no more. */
  listen(onOffer: ((incoming: Incoming) => void) | undefined): void {
    const isFirst = this.#onOffer === undefined
    this.#onOffer = onOffer
    if (onOffer !== undefined && isFirst && this.#isOnline) this.#tell({ do: 'seek' }, undefined)
  }

  /** Offers files. */
  offer(files: readonly OfferedFile[], options: OfferOptions): Offering {
    const offering = new Offering(files, options, this.#deps, this.#pace, () => this.#schedule())
    this.#offerings.set(offering.id, offering)
    void offering.finished.catch(() => {}).finally(() => this.#offerings.delete(offering.id))
    if (this.#isOnline) offering.joined(this.#peers)
    return offering
  }

  /** The channel is joined, for the first time or again; these are there. */
  joined(peers: Iterable<string>): void {
    this.#isOnline = true
    this.#peers.clear()
    for (const peer of peers) this.#peers.add(peer)
    for (const offering of this.#offerings.values()) offering.joined(this.#peers)
  }

  /** The channel is lost; it may be joined again. */
  lost(): void {
    if (!this.#isOnline) return
    this.#isOnline = false
    this.#peers.clear()
    for (const offering of this.#offerings.values()) offering.lost()
    for (const incoming of this.#incoming) incoming.away()
  }

  /** The channel is over for good. */
  closed(): void {
    this.lost()
    for (const offering of this.#offerings.values()) offering.close('NWS_CLIENT_FILE_GONE')
    for (const incoming of this.#incoming) incoming.fail(new FileError('NWS_CLIENT_FILE_GONE'))
  }

  came(peer: string): void {
    if (this.#peers.has(peer)) return
    this.#peers.add(peer)
    for (const offering of this.#offerings.values()) offering.came(peer)
  }

  left(peer: string): void {
    this.#peers.delete(peer)
    this.#tooMany.delete(peer)
    for (const offering of this.#offerings.values()) offering.left(peer)
    for (const incoming of this.#incoming) if (incoming.source === peer) incoming.away()
  }

  /** The proxy has refused a message because there were too many. */
  slower(): void {
    this.#pace.slower()
  }

  /** A JSON message of a peer. @returns whether it belongs to a transfer */
  receivedJson(source: string, json: unknown): boolean {
    if (!isFileMessage(json)) return false
    const message = decodeMessage(json)
    if (message !== undefined) this.#received(source, message)
    return true
  }

  /** A binary message of a peer. @returns whether it belongs to a transfer */
  receivedBytes(source: string, bytes: Uint8Array): boolean {
    if (!isChunk(bytes)) return false
    const chunk = decodeChunk(bytes)
    if (chunk !== undefined)
      for (const incoming of this.#incoming) if (incoming.source === source && incoming.take(chunk)) break
    return true
  }

  #received(source: string, message: FileMessage): void {
    switch (message.do) {
      case 'seek':
        return this.#sought(source)
      case 'offer':
        return this.#offered(source, message)
      case 'files':
      case 'end':
      case 'bye':
      case 'withdraw': {
        for (const incoming of this.#incoming)
          if (incoming.offer.id === message.id && incoming.source === source) return incoming.received(message)
        return
      }
      default:
        this.#offerings.get(message.id)?.received(source, message)
    }
  }

  #sought(source: string): void {
    if (this.#offerings.size === 0 || !this.#peers.has(source) || this.#seeking.has(source)) return
    this.#seeking.add(source)
    this.#deps.clock.after(SEEK_MS, () => {
      this.#seeking.delete(source)
      if (this.#peers.has(source)) for (const offering of this.#offerings.values()) offering.came(source)
    })
  }

  #offered(source: string, offer: FileMessageOf<'offer'>): void {
    for (const known of [...this.#incoming, ...this.#finished])
      if (known.isSame(source, offer)) return known.again(source, offer)
    if (this.#onOffer === undefined || !Incoming.isGenuine(offer, this.#deps)) return
    const waiting = [...this.#incoming].filter(({ isDecided }) => !isDecided)
    const own = waiting.filter(incoming => incoming.source === source)
    if (waiting.length >= MAX_OFFERS || own.length >= MAX_OFFERS_PER_PEER) {
      // Said once: an answer to each of a thousand offers would make this end as loud as the other.
      if (this.#tooMany.has(source)) return
      this.#tooMany.add(source)
      return this.#tell({ do: 'refuse', id: offer.id, code: 'NWS_CLIENT_FILE_TOO_MANY' }, source)
    }
    this.#tooMany.delete(source)
    const incoming = new Incoming(source, offer, this.#deps, {
      windows: this.#windows,
      nextStream: () => {
        this.#stream = (this.#stream + 1) >>> 0
        return this.#stream
      },
      over: ended => {
        this.#incoming.delete(ended)
        this.#finished.push(ended)
        if (this.#finished.length > MAX_FINISHED) this.#finished.shift()
      }
    })
    this.#incoming.add(incoming)
    this.#onOffer(incoming)
  }

  #schedule(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      let receiving = 0
      for (const offering of this.#offerings.values()) receiving += offering.receiving
      const share = Math.max(MIN_WINDOW_BYTES, Math.floor(MAX_UNDER_WAY / Math.max(1, receiving)))
      for (const offering of this.#offerings.values()) offering.serve(share)
    })
  }

  #tell(message: FileMessage, peer: string | undefined): void {
    this.#deps.port.tell(encodeMessage(message), peer)
  }
}
