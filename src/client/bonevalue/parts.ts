// Cuts messages above 64 KiB into parts of 16 KiB, and reassembles them. Several may be sent at once, so that a long one
// does not delay the others. channel-writer.ts orders the parts.
//
// A part is a binary message: number of the text (4 bytes, big-endian), its whole length in bytes (4), then the next bytes
// of its UTF-8. The parts of one text arrive in order; parts of different texts may alternate. A text may have binary values
// behind it: a zero byte, then their bytes.

/** Longest text in one message, bytes of UTF-8. */
export const MAX_WHOLE_BYTES = 64 * 1024
/** Bytes of a part, header included. */
export const PART_BYTES = 16 * 1024
/** Longest text with its binary values, bytes. */
export const MAX_TEXT_BYTES = 32 * 1024 * 1024
/** Texts that may be sent in parts at once. */
export const MAX_PARTED = 4

const HEADER_BYTES = 8
export const NO_BYTES: Uint8Array = new Uint8Array()

/** The parts of a text, made one by one. @param number of this text, not in use by another text that is being sent */
export function* partsOf(bytes: Uint8Array, number: number): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const size = PART_BYTES - HEADER_BYTES
  for (let start = 0; start < bytes.length; start += size) {
    const payload = bytes.subarray(start, start + size)
    const part = new Uint8Array(HEADER_BYTES + payload.length)
    const view = new DataView(part.buffer)
    view.setUint32(0, number)
    view.setUint32(4, bytes.length)
    part.set(payload, HEADER_BYTES)
    yield part
  }
}

/** A text and the bytes behind it. */
export interface Assembled {
  readonly text: string
  readonly binary: Uint8Array
}

/** The bytes of a text with binary values. */
export function withBinary(text: Uint8Array, binary: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(binary.reduce((sum, { length }) => sum + length, text.length + 1))
  bytes.set(text)
  let at = text.length + 1
  for (const each of binary) {
    bytes.set(each, at)
    at += each.length
  }
  return bytes
}

interface Partial {
  readonly bytes: Uint8Array
  received: number
}

export class Assembler {
  readonly #texts = new Map<number, Partial>()
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /**
   * Takes a part.
   *
   * @returns the complete text; undefined: more parts follow; false: the other end broke the rules
   */
  take(part: Uint8Array): Assembled | undefined | false {
    if (part.length <= HEADER_BYTES || part.length > PART_BYTES) return false
    const view = new DataView(part.buffer, part.byteOffset)
    const number = view.getUint32(0)
    const total = view.getUint32(4)
    let text = this.#texts.get(number)
    if (text === undefined) {
      if (this.#texts.size >= MAX_PARTED || total > MAX_TEXT_BYTES) return false
      text = { bytes: new Uint8Array(total), received: 0 }
      this.#texts.set(number, text)
    }
    const payload = part.subarray(HEADER_BYTES)
    if (total !== text.bytes.length || text.received + payload.length > total) return false
    text.bytes.set(payload, text.received)
    text.received += payload.length
    if (text.received < total) return undefined
    this.#texts.delete(number)
    try {
      const end = text.bytes.indexOf(0)
      return end < 0
        ? { text: this.#decoder.decode(text.bytes), binary: NO_BYTES }
        : { text: this.#decoder.decode(text.bytes.subarray(0, end)), binary: text.bytes.subarray(end + 1) }
    } catch {
      return false
    }
  }
}
