// The limit of messages and bytes of one socket, and the end of a socket that stays over it.
import { TokenBucket } from '../../core/token-bucket.ts'

/** The limits, see `Settings`. */
export interface RateSettings {
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
  readonly maxMessageBytes: number
}

/** The verdict on a message: take it; refuse it and say so; refuse it silently; end the socket. */
export type RateVerdict = 'accept' | 'refuse aloud' | 'refuse' | 'end'

const NOTICE_INTERVAL_MS = 1000
/** After this time without a refusal the overload is over. */
const CALM_MS = 1000
/** After this time of overload the socket is ended. */
const PATIENCE_MS = 10_000

/** The budget of one socket. */
export class RateLimit {
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  #overloadedSince = 0
  #refusedAt = -Infinity
  #noticedAt = -Infinity

  /** @param now milliseconds of a clock that never steps back */
  constructor(settings: RateSettings, now: number) {
    this.#messages = new TokenBucket(settings.maxMessagesPerSecond, settings.maxMessagesPerSecond, now)
    // One message of the largest size must be possible.
    this.#bytes = new TokenBucket(
      settings.maxBytesPerSecond,
      Math.max(settings.maxBytesPerSecond, settings.maxMessageBytes),
      now
    )
  }

  /** Counts a message. */
  take(bytes: number, now: number): RateVerdict {
    if (this.#messages.level(now) >= 1 && this.#bytes.take(bytes, now)) {
      this.#messages.take(1, now)
      return 'accept'
    }
    if (now - this.#refusedAt > CALM_MS) this.#overloadedSince = now
    this.#refusedAt = now
    if (now - this.#overloadedSince >= PATIENCE_MS) return 'end'
    if (now - this.#noticedAt < NOTICE_INTERVAL_MS) return 'refuse'
    this.#noticedAt = now
    return 'refuse aloud'
  }
}
