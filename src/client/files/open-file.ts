// One file while several receivers get it: its source, and its hash, which is made of the bytes as they pass the first time.
import { FileError } from './errors.ts'
import { hexOf, sealOf, type CreateHasher, type Hasher } from './hash.ts'
import type { FileEntry } from './messages.ts'
import type { Source } from './source.ts'

/** Bytes that are read at once for the hash alone. */
const READ_BYTES = 256 * 1024

/** An open file. */
export class OpenFile {
  readonly source: Source
  readonly #entry: FileEntry
  readonly #createHasher: CreateHasher
  readonly #hasher: Hasher
  #hashed = 0
  #seal: Promise<string> | undefined

  constructor(entry: FileEntry, source: Source, createHasher: CreateHasher) {
    this.source = source
    this.#entry = entry
    this.#createHasher = createHasher
    this.#hasher = createHasher()
  }

  /** Bytes; undefined while that is not known. */
  get size(): number | undefined {
    return this.#entry.size ?? this.source.size
  }

  /** Whether bytes from this offset can be sent: of a stream nothing may be left out. */
  canBeginAt(offset: number): boolean {
    return this.source.keepFrom === undefined || offset <= this.#hashed
  }

  /** Reads bytes, at least one unless the file is over. @throws FileError NWS_CLIENT_FILE_CHANGED if it has become shorter */
  async read(into: Uint8Array, offset: number): Promise<number> {
    const length = await this.source.read(into, offset)
    if (length === 0 && this.size !== offset) throw new FileError('NWS_CLIENT_FILE_CHANGED')
    this.#feed(into.subarray(0, length), offset)
    return length
  }

  /** Proves the file. Reads the bytes that no receiver has asked for. */
  async seal(): Promise<string> {
    return await (this.#seal ??= this.#makeSeal())
  }

  async #makeSeal(): Promise<string> {
    const size = this.size!
    const buffer = new Uint8Array(Math.min(READ_BYTES, size - this.#hashed))
    while (this.#hashed < size) await this.read(buffer.subarray(0, size - this.#hashed), this.#hashed)
    await this.source.check?.()
    return sealOf(this.#createHasher, this.#entry.path, size, hexOf(this.#hasher.digest()))
  }

  #feed(bytes: Uint8Array, offset: number): void {
    const known = this.#hashed - offset
    if (known < 0 || known >= bytes.length) return
    this.#hasher.update(bytes.subarray(known))
    this.#hashed = offset + bytes.length
  }
}
