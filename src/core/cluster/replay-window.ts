// Which batch numbers of one sender were seen: each counts once, and old ones do not count. Gaps are no fault: the
// broker may lose batches, and others were for subjects without a subscription here.
import { REPLAY_WINDOW } from './constants.ts'

const WORDS = REPLAY_WINDOW / 32

export class ReplayWindow {
  newest: number
  /** Lower numbers are refused. */
  readonly #floor: number
  readonly #bits = new Uint32Array(WORDS)

  /** @param first the number that proved the sender; lower ones are refused */
  constructor(first: number) {
    this.newest = first
    this.#floor = first
    this.#set(first)
  }

  /** Records a number; false if it was recorded before or is too old to tell. */
  take(number: number): boolean {
    if (number <= this.newest - REPLAY_WINDOW || number < this.#floor) return false
    if (number > this.newest) {
      this.#slide(number)
    } else if ((this.#bits[(number % REPLAY_WINDOW) >>> 5]! & (1 << (number & 31))) !== 0) {
      return false
    }
    this.#set(number)
    return true
  }

  #slide(number: number): void {
    const steps = number - this.newest
    if (steps >= REPLAY_WINDOW) this.#bits.fill(0)
    else
      for (let gone = this.newest + 1; gone <= number; gone++)
        this.#bits[(gone % REPLAY_WINDOW) >>> 5]! &= ~(1 << (gone & 31))
    this.newest = number
  }

  #set(number: number): void {
    this.#bits[(number % REPLAY_WINDOW) >>> 5]! |= 1 << (number & 31)
  }
}
