// How fast a file is sent: below what a proxy allows a socket, and slower when it complains. No flow control: that is
// the receivers' (messages.ts).

/** Bytes per second to begin with: half of what NWS_MAX_BYTES_PER_SECOND allows by default. */
const START = 32 * 1024 * 1024
const LEAST = 64 * 1024

/** A rate that can only sink. */
export class Pace {
  /** Bytes per second. */
  rate = START
  #due = 0

  /** Waits until so many bytes may go. */
  async take(bytes: number): Promise<void> {
    const now = performance.now()
    // What was not used is lost, but for a short while, which timers need.
    this.#due = Math.max(this.#due, now - 50) + (bytes / this.rate) * 1000
    const wait = this.#due - now
    if (wait > 1)
      await new Promise(resolve => {
        setTimeout(resolve, wait)
      })
  }

  /** The proxy refused something because there was too much. */
  slower(): void {
    this.rate = Math.max(LEAST, this.rate / 2)
  }
}
