// How helpers of the library talk with the same helper at a peer: by direct messages of a form of their own, which the
// application never sees. Not the helpers (webrtc.ts), which are files of their own.

/** Key of a peer's port. In the registry of symbols, since each file has a copy of this one. */
export const SIGNALS: unique symbol = Symbol.for('networkwebsockets.signals')

/** A direct message whose JSON is an object with this member is a signal. What applications send is a JSON string or binary. */
export const SIGNAL_MEMBER = '$rtc'

/** Signals that are kept until a helper asks for them; WebRTC sends a few dozen. */
const MAX_KEPT = 256

/** Any JSON value that a peer has sent as a signal. */
export type Signal = unknown

/** A peer as helpers see it. */
export interface SignalPort {
  /** The id of this end; empty before the channel is open. */
  readonly ownId: string
  /** Sends a JSON value. Does nothing once the peer is gone. */
  send(signal: Signal): void
  /**
   * Receives signals from now on, and first those that were kept. undefined: they are kept from now on.
   *
   * @param listener returns whether the signal is to be kept for the next listener
   */
  receive(listener: ((signal: Signal) => boolean) | undefined): void
}

/** Keeps and delivers the signals of one peer. */
export class Signals {
  #kept: Signal[] = []
  #listener: ((signal: Signal) => boolean) | undefined

  receive(listener: ((signal: Signal) => boolean) | undefined): void {
    this.#listener = listener
    for (const signal of this.#kept.splice(0)) this.deliver(signal)
  }

  deliver(signal: Signal): void {
    if (this.#listener?.(signal) === false) return
    // A goodbye takes back all earlier announcements.
    if ((Object(signal) as { bye?: unknown }).bye === true) this.clear()
    else if (this.#kept.length < MAX_KEPT) this.#kept.push(signal)
  }

  clear(): void {
    this.#kept = []
  }
}
