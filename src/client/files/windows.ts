// How many bytes may be on the way to this peer: one budget for all transfers of a channel, so that together they stay below
// the queue of a proxy for a slow reader (NWS_MAX_QUEUED_BYTES).

import { MIN_WINDOW_BYTES } from './chunk.ts'

/** Bytes of all transfers together. */
const TOTAL_BYTES = 1024 * 1024
/** Transfers at the same time; further ones wait. */
const MAX_TRANSFERS = 5

/** The budget of one channel. */
export class Windows {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Bytes that one transfer may ask for in advance. */
  get bytes(): number {
    return Math.max(MIN_WINDOW_BYTES, Math.floor(TOTAL_BYTES / Math.max(1, this.#running)))
  }

  /** Resolves when a transfer may begin. */
  async enter(): Promise<void> {
    if (this.#running >= MAX_TRANSFERS)
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    else this.#running++
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}
