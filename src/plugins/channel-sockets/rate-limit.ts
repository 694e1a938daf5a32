// The limit of messages and bytes of one socket, and the end of a socket that stays over it.
import { TokenBucket } from '../../core/token-bucket.ts'

/** The limits, see `Settings`. */
export interface RateSettings {
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
  readonly maxMessageBytes: number
}

/** The verdict on a message: take it, refuse it, or end the socket. */
export type RateVerdict = 'accept' | 'refuse' | 'end'

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
  /** First and last of the refused messages that the client has not been told. */
  #untold: readonly [number, number] | undefined
  #noticedAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  readonly #tell: (first: number, last: number) => void

  /**
   * @param now milliseconds of a clock that never steps back
   * @param tell tells the client which messages in a row were refused, by their numbers; at most once a second while
   *   none is accepted
   */
  constructor(settings: RateSettings, now: number, tell: (first: number, last: number) => void) {
    this.#tell = tell
    this.#messages = new TokenBucket(settings.maxMessagesPerSecond, settings.maxMessagesPerSecond, now)
    // One message of the largest size must be possible.
    this.#bytes = new TokenBucket(
      settings.maxBytesPerSecond,
      Math.max(settings.maxBytesPerSecond, settings.maxMessageBytes),
      now
    )
  }

  /** Counts a message. @param number of the message */
  take(bytes: number, now: number, number: number): RateVerdict {
    if (this.#messages.level(now) >= 1 && this.#bytes.take(bytes, now)) {
      this.#messages.take(1, now)
      this.tellRefused(now)
      return 'accept'
    }
    if (now - this.#refusedAt > CALM_MS) this.#overloadedSince = now
    this.#refusedAt = now
    this.#untold = [this.#untold?.[0] ?? number, number]
    if (now - this.#overloadedSince >= PATIENCE_MS) {
      this.tellRefused(now)
      return 'end'
    }
    const waitMs = this.#noticedAt + NOTICE_INTERVAL_MS - now
    if (waitMs <= 0) this.tellRefused(now)
    else this.#timer ??= setTimeout(() => this.tellRefused(now + waitMs), waitMs).unref()
    return 'refuse'
  }

  /** Tells the client of all refused messages so far. */
  tellRefused(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#untold === undefined) return
    const [first, last] = this.#untold
    this.#untold = undefined
    this.#noticedAt = now
    this.#tell(first, last)
  }

  /** Stops the timer. */
  close(): void {
    clearTimeout(this.#timer)
  }
}
