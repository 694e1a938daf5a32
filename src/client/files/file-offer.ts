// An offer as the application of the receiver sees it: its facts, and yes or no. The transfer is incoming.ts.
import { FileError, type FileErrorCode } from './errors.ts'
import type { Incoming } from './incoming.ts'
import type { FileEntry } from './messages.ts'
import { safeName, safePath } from './names.ts'
import { BlobSink, sinkOf, type Receivable, type Sink } from './sink.ts'

/** A file that is about to arrive. */
export interface ArrivingFile {
  /** Place in the offer, from 0. */
  readonly index: number
  /** A name to store it under. */
  readonly name: string
  /** The same with the folders above it in the offer, and `/` between. */
  readonly path: string
  /** Media type, as the sender says it; empty: not known. Never let it decide how a file is shown. */
  readonly type: string
  /** Bytes; undefined for a stream. */
  readonly size: number | undefined
}

/** A file that is complete. */
export interface ReceivedFile extends ArrivingFile {
  readonly size: number
  /** SHA-256 of the content, in hexadecimal. */
  readonly sha256: string
  /** The file, if no sink was given. */
  readonly blob: Blob | undefined
}

/** How an offer is accepted. */
export interface AcceptOptions {
  /** Where the file goes, or a function that makes a place for each file. Default: a Blob in memory. */
  readonly sink?: Receivable | ((file: ArrivingFile) => Promise<Receivable> | Receivable) | undefined
  /** Most bytes of all files together. Default: no limit. */
  readonly maxBytes?: number | undefined
  /** Gives up. */
  readonly signal?: AbortSignal | undefined
  /** @param progress bytes that are written, of all files; `size` is undefined if one is a stream */
  readonly onProgress?: ((progress: { readonly bytes: number; readonly size: number | undefined }) => void) | undefined
}

/** An offer of one file or several. */
export class FileOffer {
  readonly #incoming: Incoming

  /** @internal */
  constructor(incoming: Incoming) {
    this.#incoming = incoming
  }

  /** Random, the same for all that it was made to. */
  get id(): string {
    return this.#incoming.offer.id
  }

  /** Id of the peer that makes it; empty while it is away. */
  get peer(): string {
    return this.#incoming.source ?? ''
  }

  /** A name that the sender gives itself. Nothing proves it. Empty: none. */
  get from(): string {
    return this.#incoming.offer.from
  }

  /** A name to store the file under, or the folder; for several files a title. */
  get name(): string {
    return safeName(this.#incoming.offer.name)
  }

  /** Media type as the sender says it; empty for several files. */
  get type(): string {
    return this.#incoming.offer.type
  }

  /** Bytes of all files; undefined if one of them is a stream. */
  get size(): number | undefined {
    return this.#incoming.offer.size
  }

  /** How many files there are. */
  get files(): number {
    return this.#incoming.offer.files
  }

  /** The same as that of an earlier offer of the same files: letters and digits. */
  get version(): string {
    return this.#incoming.offer.version
  }

  /** Aborts when the offer is over, also when its maker withdraws it; the reason is a FileError. */
  get signal(): AbortSignal {
    return this.#incoming.closed.signal
  }

  /**
   * Takes the files, one after the other.
   *
   * @throws FileError if they do not arrive; the sender has been told why
   */
  async accept(options: AcceptOptions = {}): Promise<ReceivedFile[]> {
    this.#decide()
    const { sink, maxBytes = Infinity, signal, onProgress } = options
    if (this.files > 1 && sink !== undefined && typeof sink !== 'function') {
      this.refuse('NWS_CLIENT_FILE_NOT_WRITTEN')
      throw new TypeError('Several files need a function that makes a sink for each.')
    }
    if ((this.size ?? 0) > maxBytes) {
      this.#incoming.refuse('NWS_CLIENT_FILE_TOO_LARGE')
      throw new FileError('NWS_CLIENT_FILE_TOO_LARGE')
    }
    const cancel = (): void =>
      this.#incoming.fail(new FileError('NWS_CLIENT_FILE_CANCELLED', { cause: signal!.reason }))
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel)
    const arriving: ArrivingFile[] = []
    const blobs = new Map<number, BlobSink>()
    const placeOf = async (entry: FileEntry, index: number): Promise<Sink> => {
      const path = safePath(entry.path)
      const file = { index, path, name: path.slice(path.lastIndexOf('/') + 1), type: entry.type, size: entry.size }
      arriving.push(file)
      if (sink !== undefined) return sinkOf(typeof sink === 'function' ? await sink(file) : sink)
      const blob = new BlobSink()
      blobs.set(index, blob)
      return blob
    }
    try {
      const { size } = this
      const downloaded = await this.#incoming.receive({
        sinkOf: placeOf,
        maxBytes,
        onProgress: bytes => onProgress?.({ bytes, size })
      })
      return downloaded.map((result, index) => ({ ...arriving[index]!, ...result, blob: blobs.get(index)?.blob }))
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Says no. @param code why */
  refuse(code: FileErrorCode = 'NWS_CLIENT_FILE_DECLINED'): void {
    if (!this.signal.aborted) this.#incoming.refuse(code)
  }

  #decide(): void {
    if (this.#incoming.isDecided || this.signal.aborted)
      throw new DOMException('The offer is over, or it was answered before.', 'InvalidStateError')
    this.#incoming.isDecided = true
  }
}
