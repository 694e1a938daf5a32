// When to ask the network for proxies: soon, then less and less often (RFC 6762 §5.2).
import { queryTimings, type QueryTimings } from './constants.ts'

export class QuerySchedule {
  readonly #random: () => number
  readonly #timings: QueryTimings
  #next = 0
  #gap = 0

  /** @param random gives numbers in [0, 1) */
  constructor(now: number, random: () => number, timings: QueryTimings = queryTimings) {
    this.#random = random
    this.#timings = timings
    this.restart(now)
  }

  get next(): number {
    return this.#next
  }

  /** Starts again, for example after a new interface. */
  restart(now: number): void {
    const [least, most] = this.#timings.firstMs
    this.#next = now + least + this.#random() * (most - least)
    this.#gap = this.#timings.gapMs
  }

  asked(now: number): void {
    // Spread over 2 %, so that proxies that met at one moment do not ask at the same moments for ever.
    this.#next = now + this.#gap * (1 + this.#random() * 0.02)
    this.#gap = Math.min(this.#gap * 3, this.#timings.maxGapMs)
  }
}
