// Where the bytes of a received file go: into a Blob, or into a stream of the web or of Node.js. Not files of a disk (the
// command has those).
import type { FileError } from './errors.ts'

/** A place for one file. */
export interface Sink {
  /** Bytes that are there from an earlier attempt, in order: the transfer goes on behind them. */
  readonly existing?: AsyncIterable<Uint8Array>
  /** Takes the next bytes; resolves when there is room for more. */
  write(chunks: readonly Uint8Array[]): Promise<void> | void
  /** All bytes are there and right. */
  close(): Promise<void> | void
  /** The file will not be complete. */
  abort(reason: FileError): Promise<void> | void
}

/** The used parts of a stream of Node.js. */
interface NodeWritable {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown
  end(done: () => void): unknown
  destroy(error: Error): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'error', listener: (error: Error) => void): unknown
}

/** Where an application can have a file: a stream of the web (File System Access makes one) or of Node.js, or a sink. */
export type Receivable = WritableStream<Uint8Array> | NodeWritable | Sink

/** Makes a sink of an application's object. */
export function sinkOf(receivable: Receivable): Sink {
  if ('getWriter' in receivable) return webSink(receivable)
  return 'once' in receivable ? nodeSink(receivable) : receivable
}

function webSink(stream: WritableStream<Uint8Array>): Sink {
  const writer = stream.getWriter()
  return {
    write: async chunks => {
      for (const chunk of chunks) await writer.write(chunk)
    },
    close: () => writer.close(),
    abort: reason => writer.abort(reason)
  }
}

function nodeSink(stream: NodeWritable): Sink {
  let failure: Error | undefined
  stream.on('error', error => {
    failure ??= error
  })
  return {
    write: async chunks => {
      for (const chunk of chunks)
        await new Promise<void>((resolve, reject) => {
          stream.write(chunk, error => (error ? reject(error) : resolve()))
        })
    },
    close: async () =>
      await new Promise<void>((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        stream.once('error', reject)
        stream.end(resolve)
      }),
    abort: reason => {
      stream.destroy(reason)
    }
  }
}

/** Chunks become one Blob at this size, so that the browser can move it out of memory. Bytes. */
const PART_BYTES = 4 * 1024 * 1024

/** A Blob that grows. */
export class BlobSink implements Sink {
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #chunkBytes = 0
  #parts: Blob[] = []

  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      this.#chunks.push(chunk as Uint8Array<ArrayBuffer>)
      this.#chunkBytes += chunk.length
    }
    if (this.#chunkBytes >= PART_BYTES) this.#gather()
  }

  close(): void {
    this.#gather()
  }

  abort(): void {
    this.#chunks = []
    this.#parts = []
  }

  /** The file. Never of a type that a browser would run: the sender chose that. */
  get blob(): Blob {
    return new Blob(this.#parts, { type: 'application/octet-stream' })
  }

  #gather(): void {
    this.#parts.push(new Blob(this.#chunks))
    this.#chunks = []
    this.#chunkBytes = 0
  }
}
