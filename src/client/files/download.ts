// One file while it arrives: takes its bytes in order, writes them, says how far the sender may go, and checks the seal. Not
// the talk about it (incoming.ts).
import { GRANT_BYTES, type Chunk } from './chunk.ts'
import { asFileError, FileError, type FileErrorCode } from './errors.ts'
import { hexOf, sealOf, type CreateHasher, type Hasher } from './hash.ts'
import type { FileEntry } from './messages.ts'
import type { Sink } from './sink.ts'

/** How often in a row a sender may end a file too early. */
const MAX_FRUITLESS = 16

/** The things that a download needs. */
export interface DownloadDeps {
  readonly createHasher: CreateHasher
  /** A number that no other stream of this channel has. */
  readonly nextStream: () => number
  /** Bytes that may be on their way. */
  readonly window: () => number
  /** Asks the sender for bytes. */
  readonly want: (stream: number, offset: number, until: number) => void
  /** More bytes are written. */
  readonly progress: () => void
  /** The end of the file may not lie behind this offset. */
  readonly maxBytes: number
}

/** A file that is complete. */
export interface Downloaded {
  readonly size: number
  /** Of the content, in hexadecimal. */
  readonly sha256: string
}

/** A file that arrives. */
export class Download {
  /** The stream that chunks have to belong to. */
  stream = -1
  /** Bytes that are written. */
  written = 0
  readonly finished: Promise<Downloaded>
  readonly #entry: FileEntry
  readonly #sink: Sink
  readonly #deps: DownloadDeps
  readonly #hasher: Hasher
  /** Offset of the next byte to come: those before are written, being written, or in the queue. How far the sender may go. */
  #expected = 0
  #until = 0
  #acknowledged = 0
  #queue: Uint8Array[] = []
  #isWriting = false
  #end: { readonly size: number; readonly seal: string } | undefined
  #fruitless = 0
  #settle!: { resolve: (downloaded: Downloaded) => void; reject: (error: FileError) => void }
  #isOver = false

  constructor(entry: FileEntry, sink: Sink, deps: DownloadDeps) {
    this.#entry = entry
    this.#sink = sink
    this.#deps = deps
    this.#hasher = deps.createHasher()
    this.finished = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.finished.catch(() => {}) // It may fail before the first wait.
  }

  /** Whether it is the sender's turn. */
  get isWaiting(): boolean {
    return !this.#isWriting && !this.#isOver
  }

  /** Reads the bytes that the sink has from an earlier attempt. */
  async prepare(): Promise<void> {
    try {
      for await (const bytes of this.#sink.existing ?? []) {
        this.#hasher.update(bytes)
        this.written += bytes.length
      }
      this.#expected = this.written
    } catch (error) {
      this.fail(asFileError(error, 'NWS_CLIENT_FILE_NOT_WRITTEN'))
    }
  }

  /** Asks for everything behind the written bytes, for the first time or again. */
  ask(): void {
    if (this.#isOver) return
    this.stream = this.#deps.nextStream()
    this.#until = 0
    this.#end = undefined
    this.#want(this.#expected)
  }

  /** Says how far it is. */
  acknowledge(): void {
    if (!this.#isOver && this.#end === undefined) this.#want(this.written)
  }

  /** Takes a part. */
  take({ offset, bytes }: Chunk): void {
    if (this.#isOver || this.#end !== undefined || bytes.length === 0) return
    // A proxy drops messages that come too fast. A new stream asks for them again.
    if (offset !== this.#expected) return this.#again()
    const end = offset + bytes.length
    if (end > this.#until || end > (this.#entry.size ?? Infinity)) return this.#broken()
    if (end > this.#deps.maxBytes) return this.fail(new FileError('NWS_CLIENT_FILE_TOO_LARGE'))
    this.#fruitless = 0
    this.#expected = end
    this.#queue.push(bytes)
    if (!this.#isWriting) void this.#write()
  }

  /** The sender says that all has been sent. */
  end(size: number, seal: string): void {
    if (this.#isOver) return
    if (size < this.#expected || (this.#entry.size !== undefined && size !== this.#entry.size)) return this.#broken()
    if (size > this.#expected) return this.#again()
    this.#end = { size, seal }
    if (!this.#isWriting) void this.#finish()
  }

  /** It will not be complete. */
  fail(error: FileError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#queue = []
    void this.#abort(error)
    this.#settle.reject(error)
  }

  async #abort(error: FileError): Promise<void> {
    try {
      await this.#sink.abort(error)
    } catch {
      // The transfer has failed already, and the sender is told why.
    }
  }

  #again(): void {
    if (++this.#fruitless > MAX_FRUITLESS) this.#broken()
    else this.ask()
  }

  #broken(): void {
    this.fail(new FileError('NWS_CLIENT_FILE_BROKEN'))
  }

  /** @param offset the beginning of a new stream, or the end of the written bytes of the present one */
  #want(offset: number): void {
    this.#acknowledged = this.written
    // A grant is never taken back, also if other transfers now need a part of the window.
    const until = Math.min(this.#entry.size ?? Infinity, this.written + this.#deps.window())
    this.#until = Math.max(this.#until, until)
    this.#deps.want(this.stream, offset, this.#until)
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#queue.length > 0) {
        const chunks = this.#queue
        this.#queue = []
        await this.#sink.write(chunks)
        for (const chunk of chunks) {
          this.#hasher.update(chunk)
          this.written += chunk.length
        }
        if (this.#isOver) return
        this.#deps.progress()
        if (this.written - this.#acknowledged >= GRANT_BYTES) this.acknowledge()
      }
    } catch (error) {
      return this.fail(asFileError(error, 'NWS_CLIENT_FILE_NOT_WRITTEN'))
    } finally {
      this.#isWriting = false
    }
    if (this.#end !== undefined) await this.#finish()
  }

  async #finish(): Promise<void> {
    const { size, seal } = this.#end!
    const sha256 = hexOf(this.#hasher.digest())
    if (sealOf(this.#deps.createHasher, this.#entry.path, size, sha256) !== seal)
      return this.fail(new FileError('NWS_CLIENT_FILE_CHECKSUM'))
    this.#isWriting = true
    let code: FileErrorCode | undefined
    try {
      await this.#sink.close()
    } catch (error) {
      ;({ code } = asFileError(error, 'NWS_CLIENT_FILE_NOT_WRITTEN'))
    }
    if (code !== undefined) return this.fail(new FileError(code))
    if (this.#isOver) return
    this.#isOver = true
    this.#settle.resolve({ size, sha256 })
  }
}
