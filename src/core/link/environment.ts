// The needs of links besides time: a way to compute in slices, and the connection below. Interfaces only.
import type { Cancel } from '../clock.ts'
import type { Sliced } from './result.ts'

/** Runs long computations in slices between the events of the process. */
export interface StepRunner {
  /**
   * Runs `steps` to its end and calls `done` with the result, or `failed` with an exception of either. Calls neither
   * synchronously, and none of them after the cancel.
   */
  run<T>(steps: Sliced<T>, done: (value: T) => void, failed: (error: unknown) => void): Cancel
}

/** The TCP connection under a link. Methods MUST NOT call back into the link synchronously and MUST NOT throw. */
export interface LinkPort {
  /** Sends one message; the link gives the bytes away. */
  send(bytes: Uint8Array): void
  /** Bytes that the socket has not taken yet. */
  readonly queuedBytes: number
  /** Stops or resumes the reading of the socket. */
  pause(paused: boolean): void
  /** Ends the connection after the last bytes have been sent. */
  close(): void
  /** Ends the TCP connection at once and silently. */
  destroy(): void
}
