// A token bucket without a clock: callers pass the time.

/** Tokens that come back at a steady rate, up to a burst. */
export class TokenBucket {
  #tokens: number
  #updatedAt: number
  readonly #perSecond: number
  readonly #burst: number

  /**
   * @param perSecond tokens that come back per second
   * @param burst most tokens in the bucket, which starts full
   * @param now milliseconds
   */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#updatedAt = now
  }

  /** Tokens in the bucket at `now`. */
  level(now: number): number {
    // A clock that steps back must not take tokens away.
    if (now > this.#updatedAt)
      this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#updatedAt) * this.#perSecond) / 1000)
    this.#updatedAt = now
    return this.#tokens
  }

  /** Takes `count` tokens. If there are fewer, takes none and returns false. */
  take(count: number, now: number): boolean {
    if (this.level(now) < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes `count` tokens even if there are fewer: the level may become negative. */
  overdraw(count: number, now: number): void {
    this.#tokens = this.level(now) - count
  }

  /** Gives back tokens that were not used. */
  giveBack(count: number, now: number): void {
    this.#tokens = Math.min(this.#burst, this.level(now) + count)
  }
}
