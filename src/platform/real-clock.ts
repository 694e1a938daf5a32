// Real time for the protocols of core. An error in a callback is reported instead of ending the process.
import type { Clock } from '../core/clock.ts'

/** Real time, and the same guard for other callbacks. */
export interface RealClock extends Clock {
  /** Calls `run` in the next turn of the event loop. */
  readonly soon: (run: () => void) => void
  /** A function that calls `run` and reports an error instead of throwing it. */
  readonly guarded: (run: () => void) => () => void
}

/** @param failed takes the error of a callback */
export function createRealClock(failed: (error: unknown) => void): RealClock {
  const guarded = (run: () => void) => () => {
    try {
      run()
    } catch (error) {
      failed(error)
    }
  }
  return {
    guarded,
    now: () => performance.now(),
    after: (ms, run) => {
      const timer = setTimeout(guarded(run), ms).unref()
      return () => clearTimeout(timer)
    },
    soon: run => {
      setImmediate(guarded(run))
    }
  }
}
