// Session frames of one direction that the remote has not acknowledged: numbered from 0, kept by reference, given up
// when they are acknowledged. Not their encoding, and not when they go out.
import { KEPT_FRAME_BYTES } from '../constants.ts'

/** A DATA frame in two pieces, or a LEAVE. */
export interface SessionFrame {
  /** 8 bytes. */
  readonly handle: Uint8Array
  /** Of DATA; `undefined` for LEAVE. */
  readonly flags: number | undefined
  readonly head: Uint8Array
  readonly payload: Uint8Array
}

/** How far behind the first kept frame the list may begin before it is cut. */
const SLACK = 1024

/** The kept frames. */
export class KeptFrames {
  /** About the memory of the kept frames, bytes. */
  bytes = 0
  /** Number of the first kept frame: all before it are acknowledged. */
  base = 0
  #frames: SessionFrame[] = []
  /** Place of the first kept frame. */
  #first = 0
  /** Functions that wait until all frames before a number are acknowledged, in the order of the numbers. */
  readonly #awaiting: { readonly number: number; readonly run: () => void }[] = []

  /** Number of the next frame. */
  get end(): number {
    return this.base + this.#frames.length - this.#first
  }

  /** Whether a function waits for an acknowledgement. */
  get isAwaited(): boolean {
    return this.#awaiting.length > 0
  }

  /** Keeps a function until all frames of now are acknowledged; false if they are. */
  whenAcknowledged(run: () => void): boolean {
    if (this.base === this.end) return false
    this.#awaiting.push({ number: this.end, run })
    return true
  }

  /** Gives the functions that wait no longer. */
  takeAnswered(): (() => void)[] {
    const waiting = this.#awaiting.findIndex(({ number }) => number > this.base)
    return this.#awaiting.splice(0, waiting < 0 ? Infinity : waiting).map(({ run }) => run)
  }

  add(frame: SessionFrame): void {
    this.#frames.push(frame)
    this.bytes += sizeOf(frame)
  }

  /** The frame of that number, which must be kept. */
  at(number: number): SessionFrame {
    return this.#frames[this.#first + number - this.base]!
  }

  /** The remote has taken all frames before that number; false if so many were never sent. */
  acknowledge(number: number): boolean {
    if (number > this.end) return false
    for (; this.base < number; this.base += 1) this.bytes -= sizeOf(this.#frames[this.#first++]!)
    if (this.#first > SLACK && this.#first * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#first)
      this.#first = 0
    }
    if (this.#first === this.#frames.length) {
      this.#frames.length = 0
      this.#first = 0
    }
    return true
  }
}

function sizeOf({ head, payload }: SessionFrame): number {
  return KEPT_FRAME_BYTES + head.length + payload.length
}
