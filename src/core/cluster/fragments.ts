// Frames that do not fit into one message of the broker: cut by the sender, put together by the receiver. Not the
// sealing: each fragment travels in a sealed batch of its own.
import { concat } from '../bytes.ts'
import { MAX_FRAME_BYTES } from './constants.ts'
import { encodeBatch, encodeFrame, FRAGMENT_HEAD_BYTES } from './frames.ts'

/** A frame, type and body, in its parts. */
export type FrameParts = readonly Uint8Array[]

function lengthOf(parts: FrameParts): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

/**
 * Packs frames into as few batches as they need, in order.
 *
 * @param room bytes that a batch may have before it is sealed
 * @param nextNumber gives the number of the next frame that is cut
 */
export function packBatches(frames: readonly FrameParts[], room: number, nextNumber: () => number): Uint8Array[] {
  const batches: Uint8Array[] = []
  let held: FrameParts[] = []
  let heldBytes = 0
  const finish = (): void => {
    if (held.length > 0) batches.push(encodeBatch(held))
    held = []
    heldBytes = 0
  }
  for (const frame of frames) {
    const length = 4 + lengthOf(frame)
    if (heldBytes + length > room) finish()
    if (length > room) {
      batches.push(...cut(concat(...frame), room - FRAGMENT_HEAD_BYTES, nextNumber()))
      continue
    }
    held.push(frame)
    heldBytes += length
  }
  finish()
  return batches
}

function cut(whole: Uint8Array, size: number, number: number): Uint8Array[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, index) =>
    encodeBatch([
      [
        encodeFrame({
          type: 'fragment',
          number,
          index,
          last: index === count - 1,
          part: whole.subarray(index * size, (index + 1) * size)
        })
      ]
    ])
  )
}

/** Puts the fragments of one sender on one subject together; what misses one is dropped. */
export class Reassembly {
  #number = -1
  #parts: Uint8Array[] = []
  #bytes = 0

  /** Takes a fragment; gives the frame when it was the last. */
  take(number: number, index: number, last: boolean, part: Uint8Array): Uint8Array | undefined {
    if (index === 0) this.#begin(number)
    if (number !== this.#number || index !== this.#parts.length || this.#bytes + part.length > MAX_FRAME_BYTES) {
      this.#begin(-1)
      return undefined
    }
    this.#parts.push(part)
    this.#bytes += part.length
    if (!last) return undefined
    const whole = concat(...this.#parts)
    this.#begin(-1)
    return whole
  }

  #begin(number: number): void {
    this.#number = number
    this.#parts = []
    this.#bytes = 0
  }
}
