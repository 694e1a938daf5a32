// Why a link ends: a close code and a constant for our own log. Not an exception, and never remote text: a remote can
// cause it at will.
import type { StepCloseCode } from './step-result.ts'

/**
 * Close codes of a link (PROTOCOL §5.8): 1000 done, 1001 shutting down or silent, 1002 protocol error, 1003 text
 * message, 1008 security event, 1009 too big, 1011 own bug, 1013 budget, 4000 duplicate.
 */
export type LinkCloseCode = StepCloseCode | 1000 | 1001 | 1003 | 1009 | 1013 | 4000

/** The link must end. */
export interface LinkFault {
  readonly ok: false
  readonly close: LinkCloseCode
  /** A constant of this project, for logs; not sent. */
  readonly reason: string
}

/** A value, or the reason to end the link. */
export type LinkResult<T> = { readonly ok: true; readonly value: T } | LinkFault

/** The reason to end a link. */
export function linkFault(close: LinkCloseCode, reason: string): LinkFault {
  return { ok: false, close, reason }
}
