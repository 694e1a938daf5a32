// Session frames that were taken from the remote: their count, the acknowledgements of it, and the frames that a new link
// brings again. The counterpart of kept-frames.ts.
import { latin1, u64 } from '../../bytes.ts'
import type { Cancel } from '../../clock.ts'
import { ACK_BYTES, ACK_FRAMES, HANDLE_BYTES, MAX_HELD_FRAMES } from '../constants.ts'
import { fault, type Fault } from '../result.ts'

/** The taken frames. */
export class TakenFrames {
  /** How many were taken. */
  count = 0
  /** The count that the remote was told last. */
  #told = 0
  #bytesSinceAck = 0
  #stopTimer: Cancel | undefined
  readonly #after: (run: () => void) => Cancel
  readonly #write: (ack: Uint8Array) => void
  /** Frames that the link still brings again; `undefined` before its FROM. */
  #skip: number | undefined
  /** Handles that the remote says to hold, before FROM. */
  #held = new Set<string>()
  #heldFrames = 0

  /**
   * @param after calls a function when an acknowledgement may not wait any longer
   * @param write writes the body of an ACK on the link, if there is one
   */
  constructor(after: (run: () => void) => Cancel, write: (ack: Uint8Array) => void) {
    this.#after = after
    this.#write = write
  }

  /** A link begins to carry the session. */
  begin(): void {
    this.#skip = undefined
    this.#held = new Set()
    this.#heldFrames = 0
  }

  /** Takes the body of HELD. */
  onHeld(body: Uint8Array): Fault | undefined {
    if (this.#skip !== undefined) return fault(1002, 'HELD comes after FROM')
    if (body.length % HANDLE_BYTES !== 0) return fault(1002, 'HELD has a wrong length')
    this.#heldFrames += 1
    if (this.#heldFrames > MAX_HELD_FRAMES) return fault(1008, 'HELD names too many handles')
    for (let at = 0; at < body.length; at += HANDLE_BYTES) this.#held.add(latin1(body, at, at + HANDLE_BYTES))
    return undefined
  }

  /** Takes the number of FROM. @returns the handles that the remote holds */
  onFrom(number: number | undefined): Fault | ReadonlySet<string> {
    if (this.#skip !== undefined) return fault(1002, 'FROM comes twice')
    if (number === undefined || number > this.count) return fault(1002, 'FROM leaves frames out')
    this.#skip = this.count - number
    if (this.#told < this.count) this.#acknowledgeInTime()
    return this.#held
  }

  /** Takes a frame of that length. @returns whether it is new: a link may bring the last ones again */
  take(length: number): Fault | boolean {
    if (this.#skip === undefined) return fault(1002, 'A frame of the session comes before FROM')
    if (this.#skip > 0) {
      this.#skip -= 1
      return false
    }
    this.count += 1
    this.#bytesSinceAck += length
    this.#acknowledgeInTime()
    return true
  }

  /** Tells the remote the count, if it does not know it. */
  acknowledge(): void {
    this.stop()
    this.#bytesSinceAck = 0
    if (this.#told === this.count) return
    this.#told = this.count
    this.#write(u64(this.count))
  }

  /** The link is gone: a waiting acknowledgement has no way. */
  stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  #acknowledgeInTime(): void {
    if (this.count - this.#told >= ACK_FRAMES || this.#bytesSinceAck >= ACK_BYTES) this.acknowledge()
    else this.#stopTimer ??= this.#after(() => this.acknowledge())
  }
}
