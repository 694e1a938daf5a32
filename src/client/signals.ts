// Signals: direct messages between helpers of the library, such as webrtc.ts, which the application does not see.

/** Key of a peer's port. It is in the registry of symbols, since each built file has a copy of this module. */
export const SIGNALS: unique symbol = Symbol.for('networkwebsockets.signals')

/** A direct message is a signal if its JSON is an object with this member. Applications send JSON strings and binary data. */
export const SIGNAL_MEMBER = '$rtc'

/** Signals that are kept until a helper receives them. WebRTC sends a few dozen. */
const MAX_KEPT = 256

export type Signal = unknown

export interface SignalPort {
  /** The id of this end; empty before the channel is open. */
  readonly ownId: string
  /** Sends a JSON value. Does nothing after the peer has left. */
  send(signal: Signal): void
  /**
   * Receives the kept signals and all later ones.
   *
   * @param listener returns true to keep the signal for the next listener; undefined: keeps all signals
   */
  receive(listener: ((signal: Signal) => boolean) | undefined): void
}

export class Signals {
  #kept: Signal[] = []
  #listener: ((signal: Signal) => boolean) | undefined

  receive(listener: ((signal: Signal) => boolean) | undefined): void {
    this.#listener = listener
    for (const signal of this.#kept.splice(0)) this.deliver(signal)
  }

  deliver(signal: Signal): void {
    if (this.#listener?.(signal) === false) return
    // A goodbye cancels all earlier signals.
    if ((Object(signal) as { bye?: unknown }).bye === true) this.clear()
    else if (this.#kept.length < MAX_KEPT) this.#kept.push(signal)
  }

  clear(): void {
    this.#kept = []
  }
}
