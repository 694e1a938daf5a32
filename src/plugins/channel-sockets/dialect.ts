// The seam between a client's socket and a way of speaking over it. The ways are in envelope.ts and plugins/legacy.
import type { ErrorCode } from '../../core/errors.ts'
import type { Outbox } from '../../core/hub/outbox.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'

/** The dialect's view of a socket. */
export interface DialectSocket {
  readonly hub: Hub
  /** Takes the frames for this client. */
  readonly outbox: Outbox
  /** The peer that the socket is, or speaks for. */
  readonly peer: Peer
  /** Origin of the page; undefined for a program. */
  readonly origin: string | undefined
  /** Arrays and objects that data may have open at once. */
  readonly maxDataDepth: number
  /** Whether the client takes binary frames. */
  takesBinary: boolean
  /** Sends a whole frame to this client, after all frames before it. */
  send(frame: Buffer): void
  /** Sends a frame that may wait. @param delayMs how long it may wait for another frame; 0: some milliseconds */
  sendPresence(frame: Buffer, delayMs?: number): void
  /** Calls `run`, once, when the client has read all frames so far. */
  whenRead(run: () => void): void
  /** The client has this many messages of the proxy. */
  acknowledge(received: number): void
  /** Tells the client that the proxy refuses a request; the socket stays open. */
  refuse(code: ErrorCode, extra?: Readonly<Record<string, number>>): void
  /** Closes the socket with the error's close code. */
  end(code: ErrorCode): void
}

/** A way of speaking over a socket. A dialect that keeps state for a client is made for that client. */
export interface Dialect {
  /** Shown in `/api/peers`. */
  readonly name: string
  /**
   * Why a client cannot have such a socket; the route asks before the upgrade. Absent: it can.
   *
   * @param isProven false: the client still has to prove the token
   */
  refusal?(origin: string | undefined, isProven: boolean): ErrorCode | undefined
  /** The token in the first message of a client that has to prove it; undefined: the message has none. */
  readToken(bytes: Buffer, isBinary: boolean, maxDataDepth: number): string | undefined
  /** The form in which errors reach the client; undefined: it has none. */
  errorFrame(code: string, message: string, extra?: Readonly<Record<string, number>>): Buffer | undefined
  createPort(socket: DialectSocket, peer: Peer): PeerPort
  /**
   * Holds the first messages of a client that has joined. Absent: they pass at once.
   *
   * @param release lets them pass; to be called once, and not before this method returns
   * @returns ends the wait without a call of `release`; undefined: the messages pass at once
   */
  holdFirst?(socket: DialectSocket, release: () => void): (() => void) | undefined
  /** A message of the client. `bytes` of a text message are valid UTF-8. */
  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void
  /**
   * Gets a peer for a socket that may join; `receive` is called from then on. Absent: `asPeer` is called.
   *
   * @throws NwsError, or as `asPeer`: then the client hears why, and the socket is closed
   */
  join?(socket: DialectSocket, asPeer: () => Promise<Peer>): Promise<Peer>
  /**
   * The socket takes and gives nothing more. Absent: its peer leaves. Called once, also if the socket never joined.
   *
   * @param peer the result of `join`; undefined: none yet
   * @param cause why the proxy ended the socket; undefined: the client or an extension did
   */
  leave?(socket: DialectSocket, peer: Peer | undefined, cause: ErrorCode | undefined): void
}
