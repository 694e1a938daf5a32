// Cuts the bytes of a connection into messages: the first has a fixed length (W0 or W1), each other one has its length in
// front, in two bytes.
import { readU16 } from '../../bytes.ts'

/** The receiving half of one connection. */
export class MessageReader {
  readonly #take: (message: Uint8Array) => void
  /** Length of the next message; `undefined` before its two bytes have come. */
  #length: number | undefined
  /** The first of those two bytes, if it came alone. */
  #high: number | undefined
  /** A message of which only a part has come. */
  #part: Uint8Array | undefined
  #filled = 0

  /**
   * @param firstBytes length of the first message
   * @param take is given each message, a view or an array of its own
   */
  constructor(firstBytes: number, take: (message: Uint8Array) => void) {
    this.#length = firstBytes
    this.#take = take
  }

  /** Takes bytes that have come. */
  push(chunk: Uint8Array): void {
    // An empty message is complete with its length, even if no more bytes have come.
    for (let at = 0; at < chunk.length || this.#length === 0;) {
      if (this.#length !== undefined) {
        at = this.#fill(chunk, at, this.#length)
      } else if (this.#high !== undefined) {
        this.#length = (this.#high << 8) | chunk[at++]!
        this.#high = undefined
      } else if (at + 1 < chunk.length) {
        this.#length = readU16(chunk, at)
        at += 2
      } else {
        this.#high = chunk[at++]!
      }
    }
  }

  /** @returns the place behind the last used byte */
  #fill(chunk: Uint8Array, at: number, length: number): number {
    const end = at + length - this.#filled
    if (this.#part === undefined && end <= chunk.length) {
      this.#length = undefined
      this.#take(chunk.subarray(at, end))
      return end
    }
    this.#part ??= new Uint8Array(length)
    const some = chunk.subarray(at, end)
    this.#part.set(some, this.#filled)
    this.#filled += some.length
    if (this.#filled === length) {
      const whole = this.#part
      this.#part = undefined
      this.#filled = 0
      this.#length = undefined
      this.#take(whole)
    }
    return at + some.length
  }
}
