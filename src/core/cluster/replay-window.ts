// Which numbers of one sender were seen: each counts once, and none that is too far behind. Not about gaps: what the
// broker loses, or sent on subjects that nobody here listens to, is no fault.
import { REPLAY_WINDOW } from './constants.ts'

const WORDS = REPLAY_WINDOW / 32

/** A sliding window of numbers. */
export class ReplayWindow {
  /** The highest number taken. */
  newest: number
  /** Below it nothing is taken. */
  readonly #floor: number
  readonly #bits = new Uint32Array(WORDS)

  /** @param first the number that proved the sender; earlier ones are not taken */
  constructor(first: number) {
    this.newest = first
    this.#floor = first
    this.#set(first)
  }

  /** Takes a number; false where it was taken before, or is too old to tell. */
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
