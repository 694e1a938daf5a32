// Channel messages to and from DATA frames: cutting one into fragments, putting fragments together per handle. Not what
// the messages say, and not which handles exist.
import { MAX_DATA_BYTES, MAX_UNFINISHED_MESSAGES, RX_MAX } from './constants.ts'
import { linkFault, type LinkFault, type LinkResult } from './link-fault.ts'

const FIRST = 1
const LAST = 2

/** The flags of DATA, alone or together. */
export const dataFlag = { first: FIRST, last: LAST } as const
const NOTHING = new Uint8Array(0)

/**
 * Cuts a message of two parts into the bodies of DATA frames, in order, and gives each to `write` as its flags and two
 * pieces. Fragments of one message follow each other, so that a link never has more than one unfinished.
 * @param head at most 65505 bytes
 */
export function writeFragments(
  head: Uint8Array,
  payload: Uint8Array,
  write: (flags: number, head: Uint8Array, payload: Uint8Array) => void
): void {
  if (head.length + payload.length <= MAX_DATA_BYTES) {
    write(FIRST | LAST, head, payload)
    return
  }
  let end = MAX_DATA_BYTES - head.length
  write(FIRST, head, payload.subarray(0, end))
  while (end < payload.length) {
    const start = end
    end = Math.min(payload.length, start + MAX_DATA_BYTES)
    write(end === payload.length ? LAST : 0, NOTHING, payload.subarray(start, end))
  }
}

/** A message that has begun: a buffer that grows, because many tiny fragments must not cost more than their bytes. */
interface Unfinished {
  buffer: Uint8Array
  length: number
}

/** Puts together what arrives on one link. */
export class Reassembler {
  readonly #unfinished = new Map<string, Unfinished>()
  readonly #maxBytes: number

  /** @param maxBytes longest message */
  constructor(maxBytes = RX_MAX) {
    this.#maxBytes = maxBytes
  }

  /** Messages that have begun and not ended. */
  get unfinished(): number {
    return this.#unfinished.size
  }

  /**
   * Takes a fragment: the whole message when it was the last, `undefined` when more is to come.
   * @param key the handle as a Map key
   */
  take(key: string, flags: number, bytes: Uint8Array): LinkResult<Uint8Array | undefined> {
    if (flags > (FIRST | LAST)) return linkFault(1002, 'A fragment has an unknown flag')
    const open = this.#unfinished.get(key)
    const first = (flags & FIRST) !== 0
    if (first && open !== undefined) return linkFault(1002, 'A message begins inside another')
    if (!first && open === undefined) return linkFault(1002, 'A fragment has no beginning')
    if ((open?.length ?? 0) + bytes.length > this.#maxBytes) return tooBig()
    if ((flags & LAST) !== 0) {
      this.#unfinished.delete(key)
      return { ok: true, value: open === undefined ? bytes : append(open, bytes) }
    }
    if (open !== undefined) {
      append(open, bytes)
    } else {
      if (this.#unfinished.size >= MAX_UNFINISHED_MESSAGES) return tooBig()
      this.#unfinished.set(key, { buffer: bytes.slice(), length: bytes.length })
    }
    return { ok: true, value: undefined }
  }

  /** Forgets the unfinished message of a handle that is no more. */
  forget(key: string): void {
    this.#unfinished.delete(key)
  }
}

function tooBig(): LinkFault {
  return linkFault(1009, 'A message is too long, or too many are unfinished')
}

/** Adds bytes, at most doubling the buffer, and gives the bytes so far. */
function append(message: Unfinished, bytes: Uint8Array): Uint8Array {
  const length = message.length + bytes.length
  if (length > message.buffer.length) {
    const larger = new Uint8Array(Math.max(length, message.buffer.length * 2))
    larger.set(message.buffer.subarray(0, message.length))
    message.buffer = larger
  }
  message.buffer.set(bytes, message.length)
  message.length = length
  return message.buffer.subarray(0, length)
}
