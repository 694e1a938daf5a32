// Sending and receiving files as an application does it, over any channel. Not the channel: that is a port.
import { FileOffer } from './file-offer.ts'
import { Files } from './files.ts'
import { hexOf, type CreateHasher } from './hash.ts'
import { MAX_FILES, MAX_PATH } from './messages.ts'
import type { FileReport, Offering } from './offering.ts'
import { platformClock } from './pace.ts'
import { fileTimings, type FileDeps, type FilePort, type FileTimings } from './port.ts'
import type { SendProgress } from './recipient.ts'
import { sourceOf, type Sendable } from './source.ts'
import type { OfferedFile } from './supply.ts'

/** How files are offered. */
export interface SendOptions {
  /** Id of the only peer that may have them. Default: all. */
  readonly to?: string | undefined
  /** A name that the sender gives itself, at most 64 characters. */
  readonly from?: string | undefined
  /** The offer stays open, also for peers that come later, until so many have everything. Default: only for those that are there. */
  readonly receivers?: number | undefined
  /** Letters and digits that are the same if the same files are offered again: then a receiver can continue. */
  readonly version?: string | undefined
  /** Withdraws the offer. */
  readonly signal?: AbortSignal | undefined
  /** Told whenever something changes at a peer. */
  readonly onProgress?: ((progress: SendProgress) => void) | undefined
}

/** How one file is offered. */
export interface SendFileOptions extends SendOptions {
  /** Default: that of a File. */
  readonly name?: string | undefined
  /** Media type. Default: that of a Blob. */
  readonly type?: string | undefined
}

/** One of several files. */
export interface FileToSend {
  /** Its name, or its path with `/` between folders. */
  readonly name: string
  readonly type?: string | undefined
  /** Bytes. Default: those of a Blob; for anything else that is not known before its end. */
  readonly size?: number | undefined
  /** The file, or a function that opens it when its turn comes. */
  readonly source: Sendable | (() => Promise<Sendable> | Sendable)
}

/** Parts that a caller can replace, for example a test. */
export type TransferOptions = Partial<Pick<FileDeps, 'clock' | 'randomId'>> & {
  readonly timings?: Partial<FileTimings>
}

function randomId(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)))
}

/** The file transfers of a channel. */
export class FileTransfers {
  /** Takes the events of the channel: peers and messages. */
  readonly channel: Files
  #onfile: ((offer: FileOffer) => unknown) | null = null

  constructor(port: FilePort, createHasher: CreateHasher, options: TransferOptions = {}) {
    const { clock = platformClock, randomId: id = randomId, timings } = options
    this.channel = new Files({ port, createHasher, clock, randomId: id, timings: { ...fileTimings, ...timings } })
  }

  /** Called for each offer, also for those that were made before it was set. null: offers are not taken. */
  get onfile(): ((offer: FileOffer) => unknown) | null {
    return this.#onfile
  }

  set onfile(handler: ((offer: FileOffer) => unknown) | null) {
    this.#onfile = typeof handler === 'function' ? handler : null
    this.channel.listen(this.#onfile === null ? undefined : incoming => this.#offered(new FileOffer(incoming)))
  }

  /**
   * Offers a file and resolves when all have answered and those that took it have it.
   *
   * @throws FileError if the file cannot be read or changes; the reason of `signal` if that aborts
   */
  async sendFile(sendable: Sendable, options: SendFileOptions = {}): Promise<FileReport> {
    const { name = nameOf(sendable), type = typeOf(sendable), ...rest } = options
    return await this.sendFiles([{ name, type, source: sendable }], rest)
  }

  /** The same for several files in one offer, which are taken or refused together. @param title their common name */
  async sendFiles(
    files: Iterable<FileToSend>,
    options: SendOptions & { readonly title?: string } = {}
  ): Promise<FileReport> {
    const { signal } = options
    signal?.throwIfAborted()
    const offering = this.offer(files, options)
    const cancel = (): void => offering.close('NWS_CLIENT_FILE_CANCELLED')
    signal?.addEventListener('abort', cancel)
    try {
      const report = await offering.finished
      signal?.throwIfAborted()
      return report
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Offers files, and leaves it to the caller when that ends. @throws TypeError if there is none, or a name is too long */
  offer(files: Iterable<FileToSend>, options: SendOptions & { readonly title?: string } = {}): Offering {
    const offered = Array.from(files, offeredFile)
    const [first] = offered
    if (first === undefined || offered.length > MAX_FILES) throw new TypeError(`An offer has 1 to ${MAX_FILES} files.`)
    const { to, from = '', receivers = 0, version, onProgress } = options
    const title = options.title ?? (offered.length === 1 ? first.path : `${offered.length} files`)
    return this.channel.offer(offered, {
      name: title.slice(0, MAX_PATH),
      type: offered.length === 1 ? first.type : '',
      from: from.slice(0, 64),
      version,
      to,
      receivers,
      onProgress
    })
  }

  #offered(offer: FileOffer): void {
    try {
      this.#onfile!(offer)
    } catch (error) {
      offer.refuse('NWS_CLIENT_FILE_NOT_WRITTEN')
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function offeredFile({ name, type = '', size, source }: FileToSend): OfferedFile {
  if (name.length > MAX_PATH) throw new TypeError(`The name of a file has at most ${MAX_PATH} characters.`)
  if (typeof source === 'function') return { path: name, type, size, open: async () => sourceOf(await source()) }
  const opened = sourceOf(source)
  return { path: name, type: type.slice(0, 127), size: size ?? opened.size, open: () => opened }
}

function nameOf(sendable: Sendable): string {
  const { name } = sendable as { name?: unknown }
  return typeof name === 'string' && name !== '' ? name : 'file'
}

function typeOf(sendable: Sendable): string {
  const { type } = sendable as { type?: unknown }
  return typeof type === 'string' ? type : ''
}
