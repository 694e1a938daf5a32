// The receiving end of a file transfer: takes one offer, asks for its bytes, asks again where something is missing. Not
// the file (part-file.ts), and no decision whether an offer is wanted.
import type { ChannelConnection, Received } from '../socket.ts'
import { decodeFileData, encodeMessage, WINDOW_BYTES, type Chunk, type FileMessage } from './messages.ts'

/** An offer of a peer. */
export interface Offer {
  readonly name: string
  readonly size: number
  readonly sha256: string
  readonly source: string
}

/** Where bytes go. */
export interface Sink {
  readonly size: number
  append(bytes: Uint8Array): Promise<void>
}

/** Who is told. */
export interface ReceiverEvents {
  /** Somebody offers a file, and none is being received. */
  readonly offered: (offer: Offer) => void
  readonly changed: () => void
  /** All bytes are there. */
  readonly complete: () => void
  /** It cannot go on: the sender says so, or the bytes cannot be written. */
  readonly broken: (error: unknown) => void
}

/** How long nothing may come before the receiver asks again, milliseconds. */
const STALL_MS = 5000
/** How much is taken before the sender is told that it may go on. */
const GRANT_BYTES = WINDOW_BYTES / 4
/** Longest that is waited for the sender's farewell, milliseconds, and how often it is told that all is there. */
const FAREWELL_MS = 10_000
const FAREWELL_AGAIN_MS = 1000

/** Receives one file. */
export class FileReceiver {
  /** Id of this receiver for the sender, whatever peer it is. */
  readonly id: string
  readonly #events: ReceiverEvents
  #connection: ChannelConnection | undefined
  #offer: Offer | undefined
  #sink: Sink | undefined
  /** Peer of the sender; undefined while it is not there. */
  #sender: string | undefined
  #epoch = 0
  #granted = 0
  /** Offset of the next byte that is not in the queue. */
  #expected = 0
  #queue: Uint8Array[] = []
  #writing = false
  #stall: NodeJS.Timeout | undefined
  #farewell: (() => void) | undefined
  #over = false
  #completed = false

  constructor(id: string, events: ReceiverEvents) {
    this.id = id
    this.#events = events
  }

  /** Whether the sender is in the channel. */
  get hasSender(): boolean {
    return this.#sender !== undefined
  }

  joined(connection: ChannelConnection): void {
    this.#connection = connection
  }

  lost(): void {
    this.#connection = undefined
    this.#gone()
  }

  /** A peer is there: it may have what is looked for. */
  came(peer: string): void {
    this.#tell(peer, { do: 'seek' })
  }

  left(peer: string): void {
    if (peer === this.#sender) this.#gone()
  }

  received({ source, data }: Received): void {
    const message = decodeFileData(data)
    if (message === undefined || this.#over) return
    if ('bytes' in message) return source === this.#sender ? this.#take(message) : undefined
    switch (message.do) {
      case 'offer':
        return this.#offered({ ...message, source })
      case 'bye':
        if (message.receiver === this.id && source === this.#sender) this.#farewell?.()
        return
      case 'fail':
        if (source === this.#sender && message.sha256 === this.#offer?.sha256) this.#events.broken(undefined)
    }
  }

  /** Takes an offer: from now on its bytes go into the sink, behind those that it has. */
  accept(offer: Offer, sink: Sink): void {
    this.#offer = offer
    this.#sink = sink
    this.#sender = offer.source
    this.#ask()
  }

  /** Tells the sender how it ended, until it has heard it, but not for ever. */
  async farewell(ok: boolean): Promise<void> {
    clearTimeout(this.#stall)
    const { sha256 } = this.#offer!
    await new Promise<void>(resolve => {
      const tell = () => {
        if (this.#sender !== undefined) this.#tell(this.#sender, { do: 'done', sha256, receiver: this.id, ok })
      }
      const again = setInterval(tell, FAREWELL_AGAIN_MS)
      const late = setTimeout(() => {
        this.#farewell!()
      }, FAREWELL_MS)
      this.#farewell = () => {
        clearInterval(again)
        clearTimeout(late)
        resolve()
      }
      tell()
    })
    this.stop()
  }

  stop(): void {
    this.#over = true
    clearTimeout(this.#stall)
  }

  #tell(peer: string, message: FileMessage): void {
    this.#connection?.sendJson(encodeMessage(message), peer)
  }

  #gone(): void {
    this.#sender = undefined
    clearTimeout(this.#stall)
    this.#events.changed()
  }

  #offered(offer: Offer): void {
    if (this.#offer === undefined) return this.#events.offered(offer)
    // The same file, after the sender has come back: go on.
    const isSame = offer.sha256 === this.#offer.sha256 && offer.size === this.#offer.size
    if (!isSame || (this.#sender !== undefined && this.#sender !== offer.source)) return
    this.#sender = offer.source
    if (this.#farewell === undefined) this.#ask()
  }

  /** Asks for everything from where we are. */
  #ask(): void {
    this.#epoch++
    this.#expected = this.#sink!.size + this.#queue.reduce((sum, { length }) => sum + length, 0)
    if (this.#expected === this.#offer!.size && !this.#writing && this.#queue.length === 0) {
      this.#want()
      return this.#complete()
    }
    this.#want()
    this.#watch()
  }

  #want(): void {
    if (this.#sender === undefined) return
    this.#granted = this.#sink!.size + WINDOW_BYTES
    this.#tell(this.#sender, {
      do: 'want',
      sha256: this.#offer!.sha256,
      receiver: this.id,
      epoch: this.#epoch,
      offset: this.#expected,
      until: this.#granted
    })
  }

  #complete(): void {
    clearTimeout(this.#stall)
    if (this.#completed) return
    this.#completed = true
    this.#events.complete()
  }

  #watch(): void {
    clearTimeout(this.#stall)
    if (this.#sender !== undefined)
      this.#stall = setTimeout(() => {
        this.#ask()
      }, STALL_MS)
  }

  #take({ epoch, offset, bytes }: Chunk): void {
    if (this.#sink === undefined || offset + bytes.length > this.#offer!.size || bytes.length === 0) return
    if (offset !== this.#expected) {
      // Something is missing: what was asked for in this epoch is of no use any more.
      if (offset > this.#expected && epoch === this.#epoch) this.#ask()
      return
    }
    this.#expected += bytes.length
    this.#queue.push(bytes)
    this.#watch()
    if (!this.#writing) void this.#write()
  }

  async #write(): Promise<void> {
    this.#writing = true
    const sink = this.#sink!
    try {
      for (let bytes = this.#queue[0]; bytes !== undefined; bytes = this.#queue[0]) {
        await sink.append(bytes)
        this.#queue.shift()
        this.#events.changed()
        if (this.#granted - sink.size <= WINDOW_BYTES - GRANT_BYTES) this.#want()
      }
      this.#writing = false
      if (sink.size === this.#offer!.size && !this.#over) {
        this.#complete()
      }
    } catch (error) {
      this.stop()
      this.#events.broken(error)
    }
  }
}
