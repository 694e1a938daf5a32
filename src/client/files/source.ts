// Where the bytes of an offered file come from: a Blob, which can be read anywhere and again, or a stream, of which only a
// piece is kept. Not files of a disk (the command has those).
import { CHUNK_BYTES } from './chunk.ts'
import { FileError } from './errors.ts'

/** A file that can be read. */
export interface Source {
  /** Bytes; undefined for a stream whose end is not known yet. */
  readonly size: number | undefined
  /**
   * Reads bytes from an offset into a buffer.
   *
   * @returns how many bytes were read: fewer than there is room for only if more are not at hand, 0 only at the end
   * @throws FileError NWS_CLIENT_FILE_TOO_LATE if the bytes are gone; any other error if they cannot be read
   */
  read(into: Uint8Array, offset: number): Promise<number>
  /** Nothing before this offset is wanted any more. */
  keepFrom?(offset: number): void
  /** @throws FileError NWS_CLIENT_FILE_CHANGED if the file is no longer the one that was offered */
  check?(): Promise<void>
  close?(): Promise<void> | void
}

/** Things that an application can send: a Blob or File, a stream of the web or of Node.js, any other sequence of bytes, or a source. */
export type Sendable =
  | Blob
  | ArrayBufferView<ArrayBuffer>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | Source

/** Bytes of a Blob that are read at once. */
const AHEAD_BYTES = 8 * CHUNK_BYTES
/** Bytes of a stream that are kept for receivers that are behind. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

/** Makes a source of an application's object. @throws TypeError for anything else */
export function sourceOf(sendable: Sendable): Source {
  if (ArrayBuffer.isView(sendable)) return blobSource(new Blob([sendable]))
  if ('arrayBuffer' in sendable) return blobSource(sendable)
  if ('getReader' in sendable) return new StreamSource(chunksOf(sendable))
  if (Symbol.asyncIterator in sendable || Symbol.iterator in sendable) return new StreamSource(sendable)
  if ('read' in sendable) return sendable
  throw new TypeError('A file is sent from a Blob, a stream or a source.')
}

/** Reads ahead while the reads follow each other: each look into a Blob asks another process of the browser. */
function blobSource(blob: Blob): Source {
  let piece = new Uint8Array()
  let start = 0
  return {
    size: blob.size,
    read: async (into, offset) => {
      if (offset < start || offset >= start + piece.length) {
        const length = offset === start + piece.length ? Math.max(AHEAD_BYTES, into.length) : into.length
        piece = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer())
        start = offset
      }
      const bytes = piece.subarray(offset - start, offset - start + into.length)
      into.set(bytes)
      return bytes.length
    }
  }
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A stream with a window on it, from the slowest receiver to the fastest. */
export class StreamSource implements Source {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunks: Uint8Array[] = []
  /** Offsets of the first and behind the last byte that is kept. */
  #start = 0
  #end = 0
  #isOver = false
  #keptFrom = 0
  #pulling: Promise<void> | undefined
  /** Called when there is room again. */
  #roomy: (() => void) | undefined

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  get size(): number | undefined {
    return this.#isOver ? this.#end : undefined
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    while (offset >= this.#end && !this.#isOver) await (this.#pulling ??= this.#pull())
    if (offset < this.#start) throw new FileError('NWS_CLIENT_FILE_TOO_LATE')
    let at = this.#start
    let length = 0
    for (const chunk of this.#chunks) {
      if (offset + length < at + chunk.length) {
        const part = chunk.subarray(offset + length - at, offset + into.length - at)
        into.set(part, length)
        length += part.length
        if (length === into.length) break
      }
      at += chunk.length
    }
    return length
  }

  keepFrom(offset: number): void {
    this.#keptFrom = offset
    this.#roomy?.()
  }

  async close(): Promise<void> {
    this.#isOver = true
    this.#roomy?.()
    await this.#iterator.return?.()
  }

  async #pull(): Promise<void> {
    try {
      this.#drop()
      while (this.#end - this.#start > MAX_KEPT_BYTES && !this.#isOver) {
        await new Promise<void>(resolve => {
          this.#roomy = resolve
        })
        this.#drop()
      }
      const { done = false, value } = await this.#iterator.next()
      if (done) {
        this.#isOver = true
      } else {
        // The stream may write into its buffer again, so the bytes are copied. Texts are not accepted.
        if (!ArrayBuffer.isView(value)) throw new TypeError('A stream of a file has to consist of bytes.')
        this.#chunks.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice())
        this.#end += value.byteLength
      }
    } finally {
      this.#pulling = this.#roomy = undefined
    }
  }

  #drop(): void {
    for (
      let [chunk] = this.#chunks;
      chunk !== undefined && this.#start + chunk.length <= this.#keptFrom;
      [chunk] = this.#chunks
    ) {
      this.#chunks.shift()
      this.#start += chunk.length
    }
  }
}
