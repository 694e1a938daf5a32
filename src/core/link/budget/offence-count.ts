// Counts offences that a link survives if they are few, in a sliding window of time.
import type { Clock } from '../../clock.ts'

/** Remembers the moments of the last offences. */
export class OffenceCount {
  readonly #clock: Clock
  readonly #windowMs: number
  readonly #limit: number
  readonly #moments: number[] = []

  constructor(clock: Clock, limit: number, windowMs: number) {
    this.#clock = clock
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Adds one. @returns true if the window now holds more than the limit */
  add(): boolean {
    const now = this.#clock.now()
    this.#moments.push(now)
    if (this.#moments.length <= this.#limit) return false
    return now - this.#moments.shift()! < this.#windowMs
  }
}
