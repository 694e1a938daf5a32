// Frames of one turn to Noise messages: batches, seals, and decides when the direction gets a new key. Not the reading
// side, and not when a turn ends (its owner calls flush).
import { FRAME_HEADER_BYTES, HANDLE_BYTES, MAX_PLAINTEXT_BYTES, REKEY_BYTES, REKEY_MESSAGES } from '../constants.ts'
import type { Clock } from '../../clock.ts'
import { frameType, type FrameType } from './frames.ts'
import type { CipherState } from './noise.ts'

const INITIAL_BYTES = 1024
const SHORT_BYTES = 64

/** Where sealed messages go. */
export interface RecordSink {
  send(message: Uint8Array): void
  /** The direction has carried 2^40 messages: the link must close. */
  exhausted(): void
}

/** The sending half of one link. */
export class RecordWriter {
  readonly #cipher: CipherState
  readonly #clock: Clock
  readonly #rekeyMs: number
  readonly #sink: RecordSink
  #buffer = new Uint8Array(INITIAL_BYTES)
  #length = 0
  /** Since the last new key. */
  #messages = 0
  #bytes = 0
  #since: number

  constructor(cipher: CipherState, clock: Clock, rekeyMs: number, sink: RecordSink) {
    this.#cipher = cipher
    this.#clock = clock
    this.#rekeyMs = rekeyMs
    this.#sink = sink
    this.#since = clock.now()
  }

  /** Adds a frame. @param body at most 65516 bytes */
  write(type: FrameType, body: Uint8Array): void {
    this.#begin(type, body.length)
    this.#append(body)
  }

  /** Adds a DATA frame whose bytes, at most 65507, are two pieces. @param handle 8 bytes */
  writeData(handle: Uint8Array, flags: number, head: Uint8Array, payload: Uint8Array): void {
    this.#begin(frameType.data, HANDLE_BYTES + 1 + head.length + payload.length)
    this.#append(handle)
    this.#buffer[this.#length++] = flags
    this.#append(head)
    this.#append(payload)
  }

  /** Sends the frames since the last flush. */
  flush(): void {
    if (this.#length === 0) return
    const rekey = this.#rekeyDue()
    if (rekey && this.#length + FRAME_HEADER_BYTES > MAX_PLAINTEXT_BYTES) this.#seal()
    if (rekey) {
      this.#reserve(FRAME_HEADER_BYTES)
      this.#buffer.fill(0, this.#length, this.#length + FRAME_HEADER_BYTES)
      this.#buffer[this.#length] = frameType.rekey
      this.#length += FRAME_HEADER_BYTES
    }
    this.#seal()
    if (!rekey) return
    this.#cipher.rekey()
    this.#messages = 0
    this.#bytes = 0
    this.#since = this.#clock.now()
  }

  /** Forgets the frames since the last flush, and the key. */
  erase(): void {
    this.#length = 0
    this.#cipher.erase()
  }

  #rekeyDue(): boolean {
    return (
      this.#messages + 1 >= REKEY_MESSAGES ||
      this.#bytes + this.#length >= REKEY_BYTES ||
      this.#clock.now() - this.#since >= this.#rekeyMs
    )
  }

  #seal(): void {
    const length = this.#length
    this.#length = 0
    const sealed = this.#cipher.seal(this.#buffer.subarray(0, length))
    if (sealed === undefined) {
      this.#sink.exhausted()
      return
    }
    this.#messages += 1
    this.#bytes += length
    this.#sink.send(sealed)
  }

  /** Writes the header of a frame and makes room for its body. */
  #begin(type: FrameType, length: number): void {
    if (this.#length + FRAME_HEADER_BYTES + length > MAX_PLAINTEXT_BYTES) this.flush()
    this.#reserve(FRAME_HEADER_BYTES + length)
    this.#buffer[this.#length] = type
    this.#buffer[this.#length + 1] = length >>> 8
    this.#buffer[this.#length + 2] = length
    this.#length += FRAME_HEADER_BYTES
  }

  #append(bytes: Uint8Array): void {
    const buffer = this.#buffer
    const at = this.#length
    // The call of `set` costs more than a few bytes do.
    if (bytes.length <= SHORT_BYTES) for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i]!
    else buffer.set(bytes, at)
    this.#length = at + bytes.length
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(Math.min(MAX_PLAINTEXT_BYTES, Math.max(needed, this.#buffer.length * 2)))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}
