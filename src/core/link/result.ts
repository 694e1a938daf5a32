// A value, or the reason to end a link: a close code and a constant for our own log. Not an exception, because a remote
// can cause it at will; and never remote text.

/**
 * Close codes of a link. Those below 4000 end the session, too: 1000 done, 1001 shutting down, 1002 protocol error, 1008
 * security event, 1009 too big, 1011 own bug, 1013 budget. The others end the link alone: 4000 another link carries the
 * session, 4001 silent.
 */
export type LinkCloseCode = 1000 | 1001 | 1002 | 1008 | 1009 | 1011 | 1013 | 4000 | 4001

/** Close codes from here on end a link and not its session. */
export const LINK_ONLY_CODES = 4000

/** The code of a link whose remote is silent. */
export const SILENT = 4001

/** The link must end. */
export interface Fault {
  readonly ok: false
  readonly close: LinkCloseCode
  /** A constant of this project, for logs; it is not sent. */
  readonly reason: string
}

/** A value, or the reason to end the link. */
export type Result<T> = { readonly ok: true; readonly value: T } | Fault

/**
 * A computation in small pieces: each `next()` runs for well under a millisecond, and the last one carries the result.
 * The caller decides how many pieces fit into one turn of the event loop. Abandoning it is safe.
 */
export type Sliced<T> = Generator<void, T, void>

/** A step that went well. */
export function done<T>(value: T): Result<T> {
  return { ok: true, value }
}

/** The reason to end a link. */
export function fault(close: LinkCloseCode, reason: string): Fault {
  return { ok: false, close, reason }
}

/** Runs all pieces at once, for tests and for short computations. */
export function runToEnd<T>(sliced: Sliced<T>): T {
  for (;;) {
    const step = sliced.next()
    if (step.done === true) return step.value
  }
}
