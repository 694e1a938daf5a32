// The rate at which the proxy reads one guest. A guest that sends faster waits, and loses nothing.
import { TokenBucket } from '../../core/token-bucket.ts'

export class ReadingPace {
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  readonly #messagesPerSecond: number
  readonly #bytesPerSecond: number

  /** @param now milliseconds of a monotonic clock */
  constructor(messagesPerSecond: number, bytesPerSecond: number, now: number) {
    this.#messagesPerSecond = messagesPerSecond
    this.#bytesPerSecond = bytesPerSecond
    this.#messages = new TokenBucket(messagesPerSecond, messagesPerSecond, now)
    this.#bytes = new TokenBucket(bytesPerSecond, bytesPerSecond, now)
  }

  /** Counts a message. @returns milliseconds to wait before the next one is read */
  take(bytes: number, now: number): number {
    this.#messages.overdraw(1, now)
    this.#bytes.overdraw(bytes, now)
    const owed = Math.max(
      -this.#messages.level(now) / this.#messagesPerSecond,
      -this.#bytes.level(now) / this.#bytesPerSecond
    )
    return Math.max(0, Math.ceil(owed * 1000))
  }
}
