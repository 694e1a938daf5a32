// Holds back the bytes for one client, so that developers can test their applications with a slow network or a slow reader. It
// keeps the order and loses nothing.
import type { Cancel, Clock } from '../clock.ts'

/** How the bytes are held back. */
export interface SlowPlan {
  /** Milliseconds that each write waits. Absent: none. */
  readonly delayMs?: number | undefined
  /** Bytes that the client seems to read per second. Absent: no limit. */
  readonly bytesPerSecond?: number | undefined
}

export class SlowWrites {
  /** Bytes that are held back. */
  bytes = 0
  #held: { readonly dueAt: number; readonly bytes: number; readonly run: () => void }[] = []
  /** When the client has read all earlier bytes. */
  #freeAt = -Infinity
  #cancel: Cancel | undefined
  readonly #plan: SlowPlan
  readonly #clock: Clock

  constructor(plan: SlowPlan, clock: Clock) {
    this.#plan = plan
    this.#clock = clock
  }

  /** Calls `run` after all earlier calls and when it is time. @param bytes that it writes */
  push(bytes: number, run: () => void): void {
    const { delayMs = 0, bytesPerSecond = Infinity } = this.#plan
    const now = this.#clock.now()
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes / bytesPerSecond) * 1000
    this.#held.push({ dueAt: Math.max(now + delayMs, this.#freeAt), bytes, run })
    this.bytes += bytes
    this.#schedule()
  }

  /** Writes everything now. */
  release(): void {
    const held = this.#held
    this.drop()
    for (const { run } of held) run()
  }

  /** Forgets everything. */
  drop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#held = []
    this.bytes = 0
    this.#freeAt = -Infinity
  }

  #schedule(): void {
    const first = this.#held[0]
    if (first === undefined || this.#cancel !== undefined) return
    this.#cancel = this.#clock.after(Math.max(0, first.dueAt - this.#clock.now()), () => {
      this.#cancel = undefined
      this.#writeDue()
      this.#schedule()
    })
  }

  #writeDue(): void {
    const now = this.#clock.now()
    const next = this.#held.findIndex(({ dueAt }) => dueAt > now)
    const due = this.#held.splice(0, next < 0 ? this.#held.length : next)
    for (const { bytes, run } of due) {
      this.bytes -= bytes
      run()
    }
  }
}
