// Counts offences that a link survives when they are few: a sliding window of time. No judge of what an offence is.
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

  /** Adds one: true where there are now more than the limit within the window. */
  add(): boolean {
    const now = this.#clock.now()
    this.#moments.push(now)
    if (this.#moments.length <= this.#limit) return false
    return now - this.#moments.shift()! < this.#windowMs
  }
}
