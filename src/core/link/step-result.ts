// What one step of the link protocol comes to: a value, or the reason to end the link. Not an exception, because a
// remote can cause it at will; and never remote text: the reason is a constant for our own log and metrics.

/** Close codes that a step of handshake or matching can ask for (PROTOCOL §5.8). */
export type StepCloseCode = 1002 | 1008 | 1011

/** The link must end. */
export interface StepFault {
  readonly ok: false
  /** 1002 wrong format, order or length; 1008 a check failed, count a security event; 1011 our own mistake. */
  readonly close: StepCloseCode
  /** A constant of this project, for logs; not sent. */
  readonly reason: string
}

/** A value, or the reason to end the link. */
export type StepResult<T> = { readonly ok: true; readonly value: T } | StepFault

/**
 * A computation in small pieces: each `next()` runs for well under a millisecond, and the last one carries the result.
 * Whoever drives it decides how many pieces fit into one turn of the event loop. Abandoning it is safe.
 */
export type Sliced<T> = Generator<void, T, void>

/** A step that went well. */
export function done<T>(value: T): StepResult<T> {
  return { ok: true, value }
}

/** A step after which the link must end. */
export function fault(close: StepCloseCode, reason: string): StepFault {
  return { ok: false, close, reason }
}

/** Runs all pieces at once, for tests and for computations known to be short. */
export function runToEnd<T>(sliced: Sliced<T>): T {
  for (;;) {
    const step = sliced.next()
    if (step.done === true) return step.value
  }
}
