// The seam between channels and the transports of remote peers: the mesh, a cluster, or an extension's own.
import type { Channel } from './channel.ts'
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'

/** How many remote peers a message was sent to, and how many missed it because it is too large for their proxy. */
export interface RelayCount {
  readonly peers: number
  readonly missed: number
}

/** A remote peer as a carrier knows it. */
export interface RemoteFacts {
  readonly id: string
  /** Id of its proxy, which the carrier has proof of. */
  readonly proxy: string
}

/**
 * Brings remote peers into channels. The hub calls it synchronously and in the order of events, only for channels
 * of scope `network`. Implementations MUST NOT throw and MUST NOT call back into the hub synchronously.
 *
 * A carrier calls `hub.addRemote`, `hub.removeRemote`, `hub.remoteBroadcast` and
 * `hub.remoteMessage`. It MUST keep the order of each remote peer's events. If `payload.binary` is false,
 * `payload.bytes` MUST be exactly one valid JSON text. Several carriers may bring the same peer if it is of the same
 * proxy; an id that another proxy has is refused. A message with a sequence number is accepted once.
 */
export interface Carrier {
  /** For logs. */
  readonly name: string
  /** The first local peer is about to join; `localJoined` for it follows. */
  channelOpened(channel: Channel): void
  /** The last local peer has left. The hub forgets the channel's remote peers without `removeRemote`. */
  channelClosed(channel: Channel): void
  /** Whether the carrier is about to learn the channel's remote peers. Absent: never. */
  isSettling?(channel: Channel): boolean
  /** Whether other proxies may have the channels of this one. Absent: yes. */
  mayReachOthers?(): boolean
  localJoined(peer: Peer): void
  localLeft(peer: Peer): void
  /** Sends a broadcast of a local peer to all remote peers of the channel. @param sequence see `Peer.sequence` */
  broadcast(source: Peer, payload: Payload, sequence: number): RelayCount
  /** Sends a direct message to a remote peer. @returns false if it is too large for the remote proxy */
  message(source: Peer, target: Peer, payload: Payload, sequence: number): boolean
}
