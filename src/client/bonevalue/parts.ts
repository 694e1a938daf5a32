// Cuts messages above 64 KiB into parts of 64 KiB, and reassembles them. Several may be sent at once, so that a long one
// does not delay the others. channel-writer.ts orders the parts.
//
// A part is a binary message: number of the text (4 bytes, big-endian), its whole length in bytes (4), then the next bytes
// of its UTF-8. The parts of one text arrive in order; parts of different texts may alternate. A text may have binary values
// behind it: a zero byte, then their bytes.

/** Longest text in one message, bytes of UTF-8. */
export const MAX_WHOLE_BYTES = 64 * 1024
/** Bytes of a part, header included. */
export const PART_BYTES = MAX_WHOLE_BYTES
/** Longest text with its binary values, bytes. */
export const MAX_TEXT_BYTES = 32 * 1024 * 1024
/** Texts that may be sent in parts at once. */
export const MAX_PARTED = 4

const HEADER_BYTES = 8
export const NO_BYTES: Uint8Array = new Uint8Array()
const NO_PART: Uint8Array<ArrayBuffer> = new Uint8Array()
/** Stands between a text and its binary values. */
export const BINARY_FOLLOWS: Uint8Array = new Uint8Array(1)

/**
 * The parts of a text, made one by one.
 *
 * @param pieces the bytes of the text, one piece after the other
 * @param number of this text, not in use by another text that is being sent
 */
export function* partsOf(
  pieces: readonly Uint8Array[],
  number: number
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const total = pieces.reduce((sum, { length }) => sum + length, 0)
  let part = NO_PART
  let at = 0
  let left = total
  for (const piece of pieces)
    for (let start = 0; start < piece.length;) {
      if (at === part.length) {
        part = new Uint8Array(Math.min(PART_BYTES, HEADER_BYTES + left))
        const view = new DataView(part.buffer)
        view.setUint32(0, number)
        view.setUint32(4, total)
        at = HEADER_BYTES
      }
      const bytes = piece.subarray(start, start + part.length - at)
      part.set(bytes, at)
      at += bytes.length
      start += bytes.length
      left -= bytes.length
      if (at === part.length) yield part
    }
}

/** A text and the bytes behind it. */
export interface Assembled {
  readonly text: string
  readonly binary: Uint8Array
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
