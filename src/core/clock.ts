// Time as the protocols of core take it. An interface: src/platform/real-clock.ts implements it for a running proxy.

/** Ends the timer. Idempotent. */
export type Cancel = () => void

/** Time, in milliseconds that never go back. */
export interface Clock {
  now(): number
  /** Calls `run` once after so many milliseconds, never synchronously. */
  after(ms: number, run: () => void): Cancel
}
