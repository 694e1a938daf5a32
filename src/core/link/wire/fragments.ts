// Channel messages to and from DATA frames: cutting one into fragments, putting fragments together per handle. Not what
// the messages say, and not which handles exist.
import { MAX_DATA_BYTES, MAX_UNFINISHED_BYTES, MAX_UNFINISHED_MESSAGES, RX_MAX } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'
import { done, fault, type Fault, type Result } from '../result.ts'

const FIRST = 1
const LAST = 2

/** The flags of DATA, alone or together. */
export const dataFlag = { first: FIRST, last: LAST } as const
/** The flags of a message in one frame. */
export const WHOLE = FIRST | LAST
const NOTHING = new Uint8Array(0)

/**
 * Cuts a message of two parts into the bodies of DATA frames, in order, and gives each to `write` as its flags and two
 * pieces. Fragments of one message follow each other, so that a link never has more than one unfinished.
 * @param head at most 65507 bytes
 */
export function writeFragments(
  head: Uint8Array,
  payload: Uint8Array,
  write: (flags: number, head: Uint8Array, payload: Uint8Array) => void
): void {
  if (head.length + payload.length <= MAX_DATA_BYTES) {
    write(WHOLE, head, payload)
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
  /** Ends its time. */
  readonly stop: Cancel
}

/** What unfinished messages of all sessions share. */
export interface UnfinishedTotal {
  /** Bytes that their buffers hold. */
  bytes: number
}

/** The needs of a reassembler. */
export interface ReassemblerOptions {
  readonly clock: Clock
  /** A message may take so long from its first fragment to its last. */
  readonly unfinishedMs: number
  readonly total: UnfinishedTotal
  /** A message took too long. */
  readonly late: (reason: Fault) => void
}

/** Puts together what arrives in one session. */
export class Reassembler {
  readonly #options: ReassemblerOptions
  readonly #unfinished = new Map<string, Unfinished>()

  constructor(options: ReassemblerOptions) {
    this.#options = options
  }

  /** Messages that have begun and not ended. */
  get unfinished(): number {
    return this.#unfinished.size
  }

  /** Bytes that their buffers hold. */
  get unfinishedBytes(): number {
    let sum = 0
    for (const { buffer } of this.#unfinished.values()) sum += buffer.length
    return sum
  }

  /**
   * Takes the bytes of a DATA frame.
   * @param key of its handle
   * @returns the whole message with its last fragment, `undefined` before that. A message of one fragment is a view.
   */
  take(key: string, flags: number, bytes: Uint8Array): Result<Uint8Array | undefined> {
    const open = this.#unfinished.get(key)
    const first = (flags & FIRST) !== 0
    if (flags > WHOLE || first === (open !== undefined)) return fault(1002, 'A fragment comes out of order')
    if ((open?.length ?? 0) + bytes.length > RX_MAX) return tooBig()
    if ((flags & LAST) !== 0) {
      if (open === undefined) return done(bytes)
      const whole = this.#append(open, bytes)
      this.forget(key)
      return done(whole)
    }
    if (open !== undefined) {
      this.#append(open, bytes)
    } else {
      if (this.#unfinished.size >= MAX_UNFINISHED_MESSAGES) return tooBig()
      const { clock, unfinishedMs, late, total } = this.#options
      const stop = clock.after(unfinishedMs, () => late(fault(1009, 'A message takes too long')))
      this.#unfinished.set(key, { buffer: bytes.slice(), length: bytes.length, stop })
      total.bytes += bytes.length
    }
    if (this.#options.total.bytes > MAX_UNFINISHED_BYTES) return fault(1013, 'Too many messages are unfinished')
    return done(undefined)
  }

  /** Forgets the unfinished message of a handle that is no more. */
  forget(key: string): void {
    const open = this.#unfinished.get(key)
    if (open === undefined) return
    open.stop()
    this.#options.total.bytes -= open.buffer.length
    this.#unfinished.delete(key)
  }

  /** Forgets everything. */
  clear(): void {
    for (const key of [...this.#unfinished.keys()]) this.forget(key)
  }

  /** Adds bytes, at most doubling the buffer, and gives the bytes so far. */
  #append(message: Unfinished, bytes: Uint8Array): Uint8Array {
    const length = message.length + bytes.length
    if (length > message.buffer.length) {
      const larger = new Uint8Array(Math.max(length, message.buffer.length * 2))
      larger.set(message.buffer.subarray(0, message.length))
      this.#options.total.bytes += larger.length - message.buffer.length
      message.buffer = larger
    }
    message.buffer.set(bytes, message.length)
    message.length = length
    return message.buffer.subarray(0, length)
  }
}

function tooBig(): Fault {
  return fault(1009, 'A message is too long, or too many are unfinished')
}
