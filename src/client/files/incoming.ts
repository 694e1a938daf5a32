// One offer, on the receiver's side: the peer that makes it, also after a return, and the messages that fetch its files. The
// bytes of a file are in download.ts. The application decides whether it takes the offer.
import type { Chunk } from './chunk.ts'
import { Download, type Downloaded } from './download.ts'
import { asFileError, FileError, isFileErrorCode, type FileErrorCode } from './errors.ts'
import { follows } from './hash.ts'
import { encodeMessage, type FileEntry, type FileMessage, type FileMessageOf } from './messages.ts'
import type { FileDeps } from './port.ts'
import type { Sink } from './sink.ts'
import type { Windows } from './windows.ts'

type Offer = FileMessageOf<'offer'>

/** How an accepted offer is received. */
export interface ReceiveOptions {
  /** Where a file goes. */
  readonly sinkOf: (entry: FileEntry, index: number) => Promise<Sink> | Sink
  readonly maxBytes: number
  /** @param bytes of all files that are written */
  readonly onProgress: (bytes: number) => void
}

/** Shared by all transfers of a channel. */
export interface IncomingShared {
  readonly windows: Windows
  readonly nextStream: () => number
  /** The offer is over. */
  readonly over: (incoming: Incoming) => void
}

/** An offer of a peer. */
export class Incoming {
  readonly offer: Offer
  /** Aborts when the offer is over: the reason says why. */
  readonly closed = new AbortController()
  /** Peer of the sender; undefined while it is away. */
  source: string | undefined
  /** Whether the application has decided. */
  isDecided = false
  /** Whether all files are here. */
  #isComplete = false
  readonly #deps: FileDeps
  readonly #shared: IncomingShared
  readonly #receiver: string
  /** The last peer of the sender. */
  #lastSource: string
  /** Turn and key of the sender's last return. */
  #known: { readonly turn: number; readonly key: string }
  #stopPatience: (() => void) | undefined
  #stopStall: (() => void) | undefined
  #heardAt = 0
  /** Asks the sender again; undefined: no answer is due. */
  #ask: (() => void) | undefined
  #answered: { resolve: (message: FileMessage) => void; reject: (error: FileError) => void } | undefined
  #download: Download | undefined
  #list: { readonly from: number; readonly files: readonly FileEntry[] } = { from: 0, files: [] }

  constructor(source: string, offer: Offer, deps: FileDeps, shared: IncomingShared) {
    this.source = this.#lastSource = source
    this.offer = offer
    this.#deps = deps
    this.#shared = shared
    this.#receiver = deps.randomId()
    this.#known = { turn: offer.turn, key: offer.turn === 0 ? offer.id : offer.key }
    this.#tell({ do: 'seen', id: offer.id })
  }

  /** Whether a new offer comes from the peer that made it. */
  static isGenuine({ id, turn, key }: Offer, { createHasher }: FileDeps): boolean {
    return turn === 0 || follows(createHasher, { turn: 0, key: id }, { turn, key })
  }

  /** Whether an offer is this one again: of the same peer, or of one that proves to be it under another id. */
  isSame(source: string, { id, turn, key }: Offer): boolean {
    if (id !== this.offer.id) return false
    if (turn === this.#known.turn) return source === this.#lastSource
    return follows(this.#deps.createHasher, this.#known, { turn, key })
  }

  /** The sender has come back. */
  again(source: string, { turn, key }: Offer): void {
    if (turn > this.#known.turn) this.#known = { turn, key }
    else if (this.source !== undefined && !this.closed.signal.aborted) return
    this.#stopPatience?.()
    this.source = this.#lastSource = source
    if (this.#isComplete) this.#tell({ do: 'done', id: this.offer.id, receiver: this.#receiver })
    else if (this.isDecided) this.#askNow()
    else if (!this.closed.signal.aborted) this.#tell({ do: 'seen', id: this.offer.id })
  }

  /** The sender has left, or this end has. */
  away(): void {
    if (this.source === undefined || this.closed.signal.aborted) return
    this.source = undefined
    this.#stopPatience = this.#deps.clock.after(this.#deps.timings.patienceMs, () =>
      this.fail(new FileError('NWS_CLIENT_FILE_GONE'))
    )
  }

  /** A message for this offer; `source` is that of the sender. */
  received(message: FileMessage): void {
    this.#heardAt = this.#deps.clock.now()
    switch (message.do) {
      case 'withdraw':
        return this.#withdrawn(message.code)
      case 'files':
        return this.#answered?.resolve(message)
      case 'end':
        if (message.receiver === this.#receiver && message.stream === this.#download?.stream)
          this.#download.end(message.size, message.seal)
        return
      case 'bye':
        if (message.receiver === this.#receiver) this.#answered?.resolve(message)
    }
  }

  /** A part of a file. @returns whether it is for this offer */
  take(chunk: Chunk): boolean {
    if (chunk.stream !== this.#download?.stream) return false
    this.#heardAt = this.#deps.clock.now()
    this.#download.take(chunk)
    return true
  }

  /** Says no. */
  refuse(code: FileErrorCode): void {
    this.isDecided = true
    this.fail(new FileError(code))
  }

  /** Ends it and tells the sender. */
  fail(error: FileError): void {
    if (this.closed.signal.aborted) return
    this.#tell({ do: 'refuse', id: this.offer.id, code: error.code })
    this.#over(error)
  }

  /** Receives all files. @throws FileError */
  async receive(options: ReceiveOptions): Promise<Downloaded[]> {
    this.isDecided = true
    await this.#shared.windows.enter()
    this.#stall()
    try {
      const received: Downloaded[] = []
      let bytes = 0
      for (let index = 0; index < this.offer.files; index++) {
        const downloaded = await this.#receiveFile(index, bytes, options)
        bytes += downloaded.size
        received.push(downloaded)
      }
      await this.#farewell()
      this.#isComplete = true
      this.#over(new FileError('NWS_CLIENT_FILE_OVER'))
      return received
    } catch (error) {
      const reason = asFileError(error, 'NWS_CLIENT_FILE_NOT_WRITTEN')
      this.fail(reason)
      throw this.closed.signal.reason
    } finally {
      this.#shared.windows.leave()
    }
  }

  async #receiveFile(index: number, before: number, options: ReceiveOptions): Promise<Downloaded> {
    const entry = await this.#entry(index)
    // The user has agreed to the size of the offer.
    const maxBytes = Math.min(options.maxBytes, this.offer.size ?? Infinity) - before
    if ((entry.size ?? 0) > maxBytes)
      throw new FileError(
        options.maxBytes < before + entry.size! ? 'NWS_CLIENT_FILE_TOO_LARGE' : 'NWS_CLIENT_FILE_BROKEN'
      )
    this.#throwIfOver()
    const sink = await options.sinkOf(entry, index)
    const download: Download = new Download(entry, sink, {
      createHasher: this.#deps.createHasher,
      nextStream: this.#shared.nextStream,
      window: () => this.#shared.windows.bytes,
      want: (stream, offset, until) =>
        this.#tell({ do: 'want', id: this.offer.id, receiver: this.#receiver, file: index, stream, offset, until }),
      progress: () => options.onProgress(before + download.written),
      maxBytes
    })
    this.#download = download
    try {
      await download.prepare()
      if (this.closed.signal.aborted) download.fail(this.closed.signal.reason as FileError)
      if (download.written > 0) options.onProgress(before + download.written)
      this.#ask = () => download.ask()
      this.#askNow()
      return await download.finished
    } finally {
      this.#ask = this.#download = undefined
    }
  }

  async #entry(index: number): Promise<FileEntry> {
    const known = this.#list.files[index - this.#list.from]
    if (known !== undefined) return known
    const ask = { do: 'list', id: this.offer.id, receiver: this.#receiver, from: index } as const
    const list = (await this.#question(() => this.#tell(ask))) as FileMessageOf<'files'>
    const entry = list.from === index ? list.files[0] : undefined
    if (list.do !== 'files' || entry === undefined) throw new FileError('NWS_CLIENT_FILE_BROKEN')
    this.#list = list
    return entry
  }

  /** Tells the sender that everything is here: again until it answers, but not without end. */
  async #farewell(): Promise<void> {
    const { farewellMs, farewells } = this.#deps.timings
    let left = farewells
    let stop: (() => void) | undefined
    const tell = (): void => {
      this.#tell({ do: 'done', id: this.offer.id, receiver: this.#receiver })
      stop?.()
      stop = this.#deps.clock.after(farewellMs, () => {
        if (--left > 0) tell()
        else this.#answered?.resolve({ do: 'bye', id: this.offer.id, receiver: this.#receiver })
      })
    }
    // The sender may have closed the offer when the last one had everything; then it knows.
    await this.#question(tell).catch(() => {})
    stop?.()
  }

  /** Asks until there is an answer. */
  async #question(ask: () => void): Promise<FileMessage> {
    this.#throwIfOver()
    try {
      return await new Promise<FileMessage>((resolve, reject) => {
        this.#answered = { resolve, reject }
        this.#ask = ask
        ask()
      })
    } finally {
      this.#answered = this.#ask = undefined
    }
  }

  #askNow(): void {
    this.#heardAt = this.#deps.clock.now()
    if (this.source !== undefined) this.#ask?.()
  }

  /** Asks again after a while without a sign of the sender, and gives one of its own while it is busy with writing. */
  #stall(): void {
    const { clock, timings } = this.#deps
    this.#stopStall = clock.after(timings.stallMs, () => {
      if (this.#download?.isWaiting === false) this.#download.acknowledge()
      else if (clock.now() - this.#heardAt >= timings.stallMs) this.#askNow()
      this.#stall()
    })
  }

  #withdrawn(code: string): void {
    this.#over(new FileError(isFileErrorCode(code) ? code : 'NWS_CLIENT_FILE_BROKEN'))
  }

  #throwIfOver(): void {
    if (this.closed.signal.aborted) throw this.closed.signal.reason
  }

  #over(reason: FileError): void {
    if (this.closed.signal.aborted) return
    this.#stopPatience?.()
    this.#stopStall?.()
    this.closed.abort(reason)
    this.#download?.fail(reason)
    this.#answered?.reject(reason)
    this.#shared.over(this)
  }

  #tell(message: FileMessage): void {
    if (this.source !== undefined) this.#deps.port.tell(encodeMessage(message), this.source)
  }
}
