// The seam between channels and what brings remote peers: the mesh, a cluster, an extension's own transport.
// Not an implementation of any.
import type { Channel } from './channel.ts'
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'

/** How many remote peers a message was handed on to, and how many could not be given it (too large for their proxy). */
export interface RelayCount {
  readonly peers: number
  readonly missed: number
}

/** A remote peer, as a carrier knows it. */
export interface RemoteFacts {
  readonly id: string
  /** Id of its proxy, as that says itself. */
  readonly proxy: string
  /** The way by which it comes, such as a link: what `registry.proveRemote` tells of. */
  readonly via?: object
}

/**
 * Brings remote peers into channels. The registry calls it, synchronously and in the order of events, for channels of
 * scope `network` only. Implementations MUST NOT throw and MUST NOT call back into the registry synchronously.
 *
 * Inwards a carrier calls `registry.addRemote`, `registry.removeRemote`, `registry.remoteBroadcast` and
 * `registry.remoteMessage`; it MUST keep the order of each remote peer's events, and MUST give `payload.bytes` that are
 * exactly one valid JSON text where `binary` is false. A peer that
 * several carriers bring is one peer if each of the ways is proven to end in one proxy; else the carrier that claimed the
 * id first has it, and the others wait. Where a sequence is given with a message, it is taken once.
 */
export interface Carrier {
  /** For logs. */
  readonly name: string
  /** The first local peer is about to join; `localJoined` for it follows. */
  channelOpened(channel: Channel): void
  /** The last local peer has left; the channel's remote peers are forgotten without a call to `removeRemote`. */
  channelClosed(channel: Channel): void
  /** Whether it will be known within a moment who else is in the channel. Asked now and then; without it: never. */
  isSettling?(channel: Channel): boolean
  localJoined(peer: Peer): void
  localLeft(peer: Peer): void
  /** Takes a broadcast of a local peer to all remote peers of the channel. @param sequence see `Peer.sequence` */
  broadcast(source: Peer, payload: Payload, sequence: number): RelayCount
  /** An id that another carrier had claimed before this one is this carrier's now, too: `peer` is who is meant. */
  granted?(peer: Peer): void
  /** Takes a direct message to one of its remote peers. @returns false where it is too large for the remote proxy */
  message(source: Peer, target: Peer, payload: Payload, sequence: number): boolean
}
