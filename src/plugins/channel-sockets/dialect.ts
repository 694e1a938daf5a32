// The seam between a client's socket and a way of speaking over it. Not the ways themselves (envelope.ts, raw.ts,
// numbered.ts).
import type { ErrorCode } from '../../core/errors.ts'
import type { Outbox } from '../../core/hub/outbox.ts'
import type { Peer, PeerPort } from '../../core/hub/peer.ts'
import type { ChannelRegistry } from '../../core/hub/registry.ts'

/** What a dialect sees of a socket. */
export interface DialectSocket {
  readonly hub: ChannelRegistry
  /** Where frames for this client go. */
  readonly outbox: Outbox
  /** The peer that the socket became, or speaks for. */
  readonly peer: Peer
  /** Arrays and objects that data may have open at once. */
  readonly maxDataDepth: number
  /** Whether the client takes binary frames. */
  takesBinary: boolean
  /** Sends bytes of a whole frame to this client, after all that it was sent before. */
  send(frame: Buffer): void
  /** Calls `run`, once, when the client has read all that it was sent up to now. */
  whenRead(run: () => void): void
  /** Sends the frame of a `connect`. @param second a page that may be of an earlier generation gets it later than the other end */
  sendConnect(frame: Buffer, second: boolean): void
  /** Tells the client what could not be done; the socket stays open. */
  refuse(code: ErrorCode, extra?: Readonly<Record<string, number>>): void
  /** Runs a request of the client; a coded error that a hook throws is answered, any other is logged and answered. */
  attempt(request: () => void): void
  /** Closes the socket with the error's close code. */
  end(code: ErrorCode): void
}

/** A way of speaking over a socket. What belongs to a client is in its socket and port, or in a dialect of its own. */
export interface Dialect {
  /** Shown in `/api/peers`. */
  readonly name: string
  /** How errors reach the client; undefined: it has no form for them. */
  errorFrame(code: string, message: string, extra?: Readonly<Record<string, number>>): Buffer | undefined
  createPort(socket: DialectSocket, peer: Peer): PeerPort
  /**
   * Whether its clients greet everybody without knowing who is there: what they say in the first moment waits until other
   * proxies that have the channel are known, two seconds at most.
   */
  readonly greetsUnseen?: boolean
  /** A message of the client. `bytes` of a text message are valid UTF-8. */
  receive(socket: DialectSocket, bytes: Buffer, isBinary: boolean): void
  /**
   * How a socket that may join comes to a peer; messages are received from then on. Absent: it becomes one, as `asPeer`
   * does.
   *
   * @throws NwsError, or as `asPeer`: then the socket is told why and closed
   */
  join?(socket: DialectSocket, asPeer: () => Promise<Peer>): Promise<Peer>
  /**
   * The socket takes and gives nothing any more. Absent: its peer leaves. Called once, whether it ever joined or not.
   *
   * @param peer what `join` came to; undefined: nothing so far
   * @param cause why the proxy ended it; undefined: the client did, or an extension
   */
  leave?(socket: DialectSocket, peer: Peer | undefined, cause: ErrorCode | undefined): void
}
