// Frames that are too large for one message of the broker: the sender cuts them, the receiver reassembles them. Each
// fragment travels in its own sealed batch.
import { concat } from '../bytes.ts'
import { MAX_FRAME_BYTES } from './constants.ts'
import { encodeBatch, encodeFrame, FRAGMENT_HEAD_BYTES } from './frames.ts'

/** The parts of a frame, type and body. */
export type FrameParts = readonly Uint8Array[]

function lengthOf(parts: FrameParts): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

/**
 * Packs frames into as few batches as they need, in order.
 *
 * @param room largest batch before it is sealed, bytes, without that frame
 * @param nextNumber gives the number of the next cut frame
 * @param head gives the frame that a batch begins with
 */
export function packBatches(
  frames: readonly FrameParts[],
  room: number,
  nextNumber: () => number,
  head: () => readonly FrameParts[] = () => []
): Uint8Array[] {
  const batches: Uint8Array[] = []
  let held: FrameParts[] = []
  let heldBytes = 0
  const finish = (): void => {
    if (held.length > 0) batches.push(encodeBatch([...head(), ...held]))
    held = []
    heldBytes = 0
  }
  for (const frame of frames) {
    const length = 4 + lengthOf(frame)
    if (heldBytes + length > room) finish()
    if (length > room) {
      batches.push(...cut(concat(...frame), room - FRAGMENT_HEAD_BYTES, nextNumber(), head))
      continue
    }
    held.push(frame)
    heldBytes += length
  }
  finish()
  return batches
}

function cut(whole: Uint8Array, size: number, number: number, head: () => readonly FrameParts[]): Uint8Array[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, index) =>
    encodeBatch([
      ...head(),
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

/** Reassembles the fragments of one sender on one subject. A frame with a missing fragment is dropped. */
export class Reassembly {
  #number = -1
  #parts: Uint8Array[] = []
  #bytes = 0

  /** Takes a fragment. Returns the frame after the last one. */
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
