// How fast a peer sends files: below the default limit of a proxy for one socket, and much slower when it complains.
// Not the flow control, which is up to the receivers.

/** Bytes per second to begin with: three quarters of the default of NWS_MAX_BYTES_PER_SECOND. */
const START = 192 * 1024 * 1024
const LEAST = 64 * 1024
/** A proxy forgives a socket that was not refused anything for a second. */
const CALM_MS = 1200
/** An unused allowance is lost, except for the short time that timers need. */
const SLACK_MS = 50

/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  readonly after: (ms: number, callback: () => void) => () => void
}

/** The clock of the platform. */
export const platformClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  }
}

/** A rate that can only sink. */
export class Pace {
  #rate: number
  #due = 0
  #slowedAt = -Infinity
  readonly #clock: Clock

  /** @param bytesPerSecond to begin with */
  constructor(clock: Clock, bytesPerSecond = START) {
    this.#clock = clock
    this.#rate = bytesPerSecond
  }

  /** Waits until so many bytes may go. */
  async take(bytes: number): Promise<void> {
    const now = this.#clock.now()
    this.#due = Math.max(this.#due, now - SLACK_MS) + (bytes / this.#rate) * 1000
    const wait = this.#due - now
    if (wait > 1)
      await new Promise<void>(resolve => {
        this.#clock.after(wait, resolve)
      })
  }

  /** The proxy has refused a message because there were too many. */
  slower(): void {
    const now = this.#clock.now()
    if (now - this.#slowedAt < CALM_MS) return
    this.#slowedAt = now
    this.#rate = Math.max(LEAST, this.#rate / 4)
    this.#due = now + CALM_MS
  }
}
