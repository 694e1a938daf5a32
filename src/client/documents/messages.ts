// The binary messages of a shared document: those of y-protocols (sync, awareness), and three more for peers without a
// server. docs/protocol/documents.md describes them. Decoding never throws: malformed messages are undefined.

/** Numbers of y-protocols. */
const SYNC = 0
const AWARENESS = 1
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2
/** Numbers of this project. */
const GREETING = 90
const PART = 91
const RECEIVED = 92

/** A greeting wants an answer: always, or if the sender lacks something. */
export const ANSWER_ALWAYS = 1
export const ANSWER_IF_BEHIND = 2

/** Bytes of a document in one message. Larger ones travel in parts. */
export const PART_BYTES = 32 * 1024

export type Message =
  /** Asks for everything that this state vector lacks. */
  | { readonly type: 'ask'; readonly vector: Uint8Array }
  /** The answer to it. */
  | { readonly type: 'answer'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly update: Uint8Array }
  /** The state of the sender's document. */
  | {
      readonly type: 'greeting'
      readonly wants: number
      readonly vector: Uint8Array
      readonly deleted: number
      readonly digest: number
    }
  /** A part of an answer. `size` is that of the whole. */
  | { readonly type: 'part'; readonly id: number; readonly size: number; readonly bytes: Uint8Array }
  /** So many bytes of an answer have arrived. */
  | { readonly type: 'received'; readonly id: number; readonly bytes: number }

class Writer {
  readonly #bytes: number[] = []
  #tail: Uint8Array = new Uint8Array()

  number(value: number): this {
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes.push((value % 128) + 128)
    this.#bytes.push(value)
    return this
  }

  end(bytes?: Uint8Array): Uint8Array<ArrayBuffer> {
    if (bytes !== undefined) {
      this.number(bytes.length)
      this.#tail = bytes
    }
    const all = new Uint8Array(this.#bytes.length + this.#tail.length)
    all.set(this.#bytes)
    all.set(this.#tail, this.#bytes.length)
    return all
  }
}

/** @throws RangeError at the end of the bytes */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  number(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || factor > 2 ** 49) throw new RangeError()
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
  }

  bytes(): Uint8Array {
    const length = this.number()
    if (this.#at + length > this.#bytes.length) throw new RangeError()
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }
}

export function encode(message: Message): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  switch (message.type) {
    case 'ask':
      return writer.number(SYNC).number(STEP_1).end(message.vector)
    case 'answer':
      return writer.number(SYNC).number(STEP_2).end(message.update)
    case 'update':
      return writer.number(SYNC).number(UPDATE).end(message.update)
    case 'awareness':
      return writer.number(AWARENESS).end(message.update)
    case 'greeting':
      return writer
        .number(GREETING)
        .number(message.wants)
        .number(message.deleted)
        .number(message.digest)
        .end(message.vector)
    case 'part':
      return writer.number(PART).number(message.id).number(message.size).end(message.bytes)
    default:
      return writer.number(RECEIVED).number(message.id).number(message.bytes).end()
  }
}

export function decode(bytes: Uint8Array): Message | undefined {
  try {
    return read(new Reader(bytes))
  } catch {
    return undefined
  }
}

function read(reader: Reader): Message | undefined {
  switch (reader.number()) {
    case SYNC:
      switch (reader.number()) {
        case STEP_1:
          return { type: 'ask', vector: reader.bytes() }
        case STEP_2:
          return { type: 'answer', update: reader.bytes() }
        case UPDATE:
          return { type: 'update', update: reader.bytes() }
        default:
          return undefined
      }
    case AWARENESS:
      return { type: 'awareness', update: reader.bytes() }
    case GREETING: {
      const [wants, deleted, digest] = [reader.number(), reader.number(), reader.number()]
      return { type: 'greeting', wants, deleted, digest, vector: reader.bytes() }
    }
    case PART:
      return { type: 'part', id: reader.number(), size: reader.number(), bytes: reader.bytes() }
    case RECEIVED:
      return { type: 'received', id: reader.number(), bytes: reader.number() }
    default:
      return undefined
  }
}
