// A token bucket with the clock passed in. Not a queue: what cannot pay is refused.

/** Tokens that come back at a steady rate up to a burst. */
export class TokenBucket {
  #tokens: number
  #updatedAt: number
  readonly #perSecond: number
  readonly #burst: number

  /**
   * @param perSecond tokens that come back per second
   * @param burst most tokens that can be held; the bucket starts full
   * @param now milliseconds
   */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#updatedAt = now
  }

  /** Tokens held at `now`. */
  level(now: number): number {
    // A clock that steps back must not take tokens away.
    if (now > this.#updatedAt)
      this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#updatedAt) * this.#perSecond) / 1000)
    this.#updatedAt = now
    return this.#tokens
  }

  /** Takes `count` tokens, or none and answers false. */
  take(count: number, now: number): boolean {
    if (this.level(now) < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes `count` tokens also where they are not there: the level may become negative. */
  overdraw(count: number, now: number): void {
    this.#tokens = this.level(now) - count
  }

  /** Gives back tokens that were taken and not used. */
  giveBack(count: number, now: number): void {
    this.#tokens = Math.min(this.#burst, this.level(now) + count)
  }
}
