// When to try again: exponential back-off with full jitter.

/** How a channel reconnects. All members are optional. */
export interface ReconnectOptions {
  /** Upper bound of the first delay, milliseconds. It doubles with each attempt. Default 250. */
  readonly initialDelayMs?: number
  /** Upper bound of all delays, milliseconds. Default 30 000. */
  readonly maxDelayMs?: number
  /** Attempts in a row before the socket closes. Default: unlimited. */
  readonly maxAttempts?: number
  /** After a connection of this length the next delay is a first one again. Milliseconds, default 5000. */
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

export class Backoff {
  readonly maxQueuedBytes: number
  /** Attempts since the last stable connection. */
  attempt = 0
  readonly #options: ReconnectOptions
  #openedAt: number | undefined
  #timer: unknown
  /** The next attempt, while it waits. */
  #waiting: (() => void) | undefined

  constructor(options: ReconnectOptions) {
    this.#options = options
    this.maxQueuedBytes = options.maxQueuedBytes ?? MAX_QUEUED_BYTES
  }

  /** The connection is open. */
  opened(): void {
    this.#openedAt = this.#now()
  }

  /** The connection is lost. @returns milliseconds until the next attempt; undefined: no further attempt */
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

  /** @param delayMs Infinity: until `hurry` */
  schedule(callback: () => void, delayMs: number): void {
    this.#waiting = callback
    if (delayMs === Infinity) return
    const set = this.#options.setTimeout ?? ((callback, ms) => setTimeout(callback, ms))
    this.#timer = set(() => this.hurry(), delayMs)
  }

  /** Makes the attempt that waits now. */
  hurry(): void {
    const attempt = this.#waiting
    this.stop()
    attempt?.()
  }

  stop(): void {
    this.#waiting = undefined
    if (this.#timer === undefined) return
    const clear = this.#options.clearTimeout ?? ((timer: never) => clearTimeout(timer))
    clear(this.#timer as never)
    this.#timer = undefined
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }
}
