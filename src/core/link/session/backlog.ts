// What a link has sent and the socket has not taken: the limits after which the link is closed rather than grow. Not a
// queue of its own.
import { MAX_QUEUED_BYTES } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'

/** Watches the send queue of one link. */
export class Backlog {
  readonly #clock: Clock
  readonly #drainMs: number
  /** Bytes that the socket has not taken yet. */
  readonly #queued: () => number
  readonly #full: () => void
  #sent = 0
  #timer: Cancel | undefined

  /** @param full called when more than 16 MiB wait, or nothing was taken for drainMs */
  constructor(clock: Clock, drainMs: number, queued: () => number, full: () => void) {
    this.#clock = clock
    this.#drainMs = drainMs
    this.#queued = queued
    this.#full = full
  }

  /** To be called after each message was given to the socket. */
  sent(bytes: number): void {
    this.#sent += bytes
    const queued = this.#queued()
    if (queued > MAX_QUEUED_BYTES) this.#full()
    else if (queued > 0 && this.#timer === undefined) this.#watch(this.#sent - queued)
  }

  stop(): void {
    this.#timer?.()
  }

  /** Looks again after drainMs whether more was taken than so many bytes. */
  #watch(taken: number): void {
    this.#timer = this.#clock.after(this.#drainMs, () => {
      this.#timer = undefined
      const queued = this.#queued()
      if (queued === 0) return
      if (this.#sent - queued <= taken) this.#full()
      else this.#watch(this.#sent - queued)
    })
  }
}
