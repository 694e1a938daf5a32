// How helpers of the library talk with the same helper at a peer: by direct messages of a form of their own, which the
// application never sees. Not the helpers (webrtc.ts), and no code: the core and a helper may be separate files.

/** Key of a peer's port. In the registry of symbols, since each file has a copy of this one. */
export const SIGNALS: unique symbol = Symbol.for('networkwebsockets.signals')

/** A direct message whose JSON is an object with this member is a signal. What applications send is a JSON string or binary. */
export const SIGNAL_MEMBER = '$rtc'

/** Signals that are kept until a helper asks for them; WebRTC sends a few dozen. */
export const MAX_EARLY_SIGNALS = 256

/** A peer as helpers see it. */
export interface SignalPort {
  /** The id of this end; empty before the channel is open. */
  readonly ownId: string
  /** Sends a JSON value. Does nothing once the peer is gone. */
  send (signal: unknown): void
  /** Receives signals from now on, and first those that came before. undefined: they are kept again. */
  receive (listener: ((signal: unknown) => void) | undefined): void
}
