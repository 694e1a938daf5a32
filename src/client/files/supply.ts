// Serves the receivers of one offer, each at its own pace: lists, bytes, ends. It never sends more than a receiver has asked
// for, and never faster than the pace. offering.ts decides which peers may receive.
import { CHUNK_BYTES, CHUNK_HEAD_BYTES, writeChunkHead } from './chunk.ts'
import { asFileError, FileError } from './errors.ts'
import { encodeMessage, MAX_LIST, type FileEntry, type FileMessage } from './messages.ts'
import { OpenFile } from './open-file.ts'
import type { Pace } from './pace.ts'
import type { FileDeps } from './port.ts'
import type { Recipient } from './recipient.ts'
import type { Source } from './source.ts'

/** A file of an offer. */
export interface OfferedFile extends FileEntry {
  /** Called when the first receiver wants it, and again if it is wanted later. */
  readonly open: () => Promise<Source> | Source
}

/** Bytes of the longest list in JSON, roughly: below what any proxy takes as one message. */
const MAX_LIST_CHARACTERS = 32 * 1024

/** The files of one offer. */
export class Supply {
  readonly #id: string
  readonly #files: readonly OfferedFile[]
  readonly #deps: FileDeps
  readonly #pace: Pace
  readonly #open = new Map<number, Promise<OpenFile>>()
  /** Those of `#open` that are there. */
  readonly #ready = new Map<number, OpenFile>()
  readonly #seals = new Map<number, string>()

  constructor(id: string, files: readonly OfferedFile[], deps: FileDeps, pace: Pace) {
    this.#id = id
    this.#files = files
    this.#deps = deps
    this.#pace = pace
  }

  get count(): number {
    return this.#files.length
  }

  /** Bytes of a file; undefined while that is not known. */
  sizeOf(file: number): number | undefined {
    return this.#files[file]?.size ?? this.#ready.get(file)?.size
  }

  /** Sends the next message to a recipient that wants one. @throws FileError if it cannot have it; others if the channel is lost */
  async serve(recipient: Recipient): Promise<void> {
    if (recipient.listFrom !== undefined) return await this.#sendList(recipient)
    const { stream, next, file: index } = recipient
    const file = await this.#opened(index)
    const isStale = (): boolean =>
      recipient.stream !== stream || recipient.next !== next || recipient.state !== 'receiving'
    if (next === file.size) {
      const seal = await this.#sealOf(index, file)
      if (!isStale()) this.#sendEnd(recipient, next, seal)
      return
    }
    if (!file.canBeginAt(next)) throw new FileError('NWS_CLIENT_FILE_TOO_LATE')
    const { peer } = recipient
    const frame = this.#deps.port.frame(peer, CHUNK_HEAD_BYTES + Math.min(CHUNK_BYTES, recipient.until - next))
    const message = frame.bytes.subarray(frame.start)
    const length = await read(file, message.subarray(CHUNK_HEAD_BYTES), next)
    if (length === 0) return
    await this.#pace.take(length)
    await this.#deps.port.ready(peer)
    // Meanwhile it may have gone, or want another place.
    if (isStale() || recipient.peer !== peer) return
    writeChunkHead(message, stream!, next)
    const bytes = frame.bytes.subarray(0, frame.start + CHUNK_HEAD_BYTES + length)
    this.#deps.port.send({ bytes, start: frame.start }, peer)
    recipient.next = next + length
  }

  /** Lets a stream forget bytes that all receivers have, and closes files that no receiver reads. */
  release(recipients: readonly Recipient[], isHeld: boolean): void {
    for (const [index, open] of this.#open) {
      const readers = recipients.filter(({ stream, file }) => stream !== undefined && file === index)
      const file = this.#ready.get(index)
      if (isHeld || file === undefined) continue
      if (readers.length > 0) file.source.keepFrom?.(Math.min(...readers.map(({ has }) => has)))
      // A stream cannot be opened again.
      else if (file.source.keepFrom === undefined && this.#files.length > 1) this.#shut(index, open)
    }
  }

  /** Closes all files. */
  close(): void {
    for (const [index, open] of this.#open) this.#shut(index, open)
  }

  #shut(index: number, open: Promise<OpenFile>): void {
    this.#open.delete(index)
    this.#ready.delete(index)
    void open.then(file => file.source.close?.()).catch(() => {})
  }

  async #opened(index: number): Promise<OpenFile> {
    let open = this.#open.get(index)
    if (open === undefined) {
      open = this.#openFile(index)
      this.#open.set(index, open)
    }
    return await open
  }

  async #openFile(index: number): Promise<OpenFile> {
    const entry = this.#files[index]!
    const source = await guarded(async () => await entry.open())
    const file = new OpenFile(entry, source, this.#deps.createHasher)
    this.#ready.set(index, file)
    return file
  }

  async #sealOf(index: number, file: OpenFile): Promise<string> {
    let seal = this.#seals.get(index)
    if (seal === undefined) {
      seal = await guarded(() => file.seal())
      this.#seals.set(index, seal)
    }
    return seal
  }

  #sendEnd(recipient: Recipient, size: number, seal: string): void {
    const { receiver, stream, peer } = recipient
    this.#tell({ do: 'end', id: this.#id, receiver: receiver!, stream: stream!, size, seal }, peer)
    recipient.isEnded = true
  }

  async #sendList(recipient: Recipient): Promise<void> {
    await this.#deps.port.ready(recipient.peer)
    const from = recipient.listFrom!
    recipient.listFrom = undefined
    const files: FileEntry[] = []
    let characters = 0
    for (const { path, type, size } of this.#files.slice(from, from + MAX_LIST)) {
      characters += path.length + type.length
      if (files.length > 0 && characters > MAX_LIST_CHARACTERS) break
      files.push({ path, type, size })
    }
    this.#tell({ do: 'files', id: this.#id, from, files }, recipient.peer)
  }

  #tell(message: FileMessage, peer: string): void {
    this.#deps.port.tell(encodeMessage(message), peer)
  }
}

const read = async (file: OpenFile, into: Uint8Array, offset: number): Promise<number> =>
  await guarded(() => file.read(into, offset))

/** An error of a source ends the offer. An error of the channel does not. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFileError(error, 'NWS_CLIENT_FILE_UNREADABLE')
  }
}
