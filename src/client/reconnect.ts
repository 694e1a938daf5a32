// The time of the next attempt: exponential back-off with full jitter.

/** How a channel reconnects. Every member may be left out. */
export interface ReconnectOptions {
  /** Upper bound of the first delay, milliseconds; it doubles with each attempt. Default 250. */
  readonly initialDelayMs?: number
  /** Upper bound of all delays, milliseconds. Default 30 000. */
  readonly maxDelayMs?: number
  /** Attempts in a row before it gives up and closes. Default: no end. */
  readonly maxAttempts?: number
  /** A connection that lasted this long is forgiven: the next delay is a first one. Milliseconds, default 5000. */
  readonly stableMs?: number
  /** Bytes of messages that may wait for the connection. Default 1 MiB. */
  readonly maxQueuedBytes?: number
  /** Source of the jitter: a number in [0, 1). Default `Math.random`. */
  readonly random?: () => number
  /** Clock and timers, for tests. */
  readonly now?: () => number
  readonly setTimeout?: (callback: () => void, ms: number) => unknown
  readonly clearTimeout?: (timer: never) => void
}

/** Default of `maxQueuedBytes`. */
export const MAX_QUEUED_BYTES = 1024 * 1024

/** The plan of attempts of one channel. */
export class Backoff {
  readonly maxQueuedBytes: number
  /** Attempts since the channel was last open and stable. */
  attempt = 0
  readonly #options: ReconnectOptions
  #openedAt: number | undefined
  #timer: unknown

  constructor(options: ReconnectOptions) {
    this.#options = options
    this.maxQueuedBytes = options.maxQueuedBytes ?? MAX_QUEUED_BYTES
  }

  /** The channel is open. */
  opened(): void {
    this.#openedAt = this.#now()
  }

  /** The connection is gone: time until the next attempt in milliseconds, or undefined if there is to be none. */
  next(): number | undefined {
    const {
      initialDelayMs = 250,
      maxDelayMs = 30_000,
      maxAttempts = Infinity,
      stableMs = 5000,
      random = Math.random
    } = this.#options
    if (this.#openedAt !== undefined && this.#now() - this.#openedAt >= stableMs) this.attempt = 0
    this.#openedAt = undefined
    if (this.attempt >= maxAttempts) return undefined
    return random() * Math.min(maxDelayMs, initialDelayMs * 2 ** this.attempt++)
  }

  /** Calls back after a delay, unless stopped. */
  schedule(callback: () => void, delayMs: number): void {
    const set = this.#options.setTimeout ?? ((callback, ms) => setTimeout(callback, ms))
    this.#timer = set(callback, delayMs)
  }

  /** Ends a waiting attempt. */
  stop(): void {
    const clear = this.#options.clearTimeout ?? ((timer: never) => clearTimeout(timer))
    clear(this.#timer as never)
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }
}
