// The dependencies of the cluster, and its events.
import type { PeerMessage } from '../link/wire/channel-message.ts'
import type { Clock } from '../clock.ts'
import type { ClusterTimings } from './constants.ts'
import type { ClusterPrimitives } from './primitives.ts'
import type { RemoteSession } from './sessions.ts'

/** The connection to the broker. Methods MUST NOT call back synchronously and MUST NOT throw. */
export interface ClusterPort {
  /** Whether the broker takes more now. It may become true before the port calls `Cluster.connected()` or `confirmed()`. */
  readonly ready: boolean
  /** Largest message of the broker, bytes. */
  readonly maxPayload: number
  /** Called only if ready. The port owns the bytes from then on. It calls `Cluster.confirmed()` when the broker has them. */
  publish(subject: string, bytes: Uint8Array): void
  /** Subscribes now and after each reconnection, until the returned function is called. */
  subscribe(subject: string): () => void
}

export interface ClusterDeps {
  /** Id of this run on links, 16 bytes. */
  readonly proxyId: Uint8Array
  /** Each has 32 bytes or more. The first one seals; all are accepted. */
  readonly secrets: readonly Uint8Array[]
  readonly primitives: ClusterPrimitives
  readonly clock: Clock
  /** Milliseconds since 1970, for epochs. */
  readonly time: () => number
  readonly endOfTurn: (run: () => void) => void
  /** A number in [0, 1), for jitter. */
  readonly random: () => number
  readonly port: ClusterPort
  readonly timings: ClusterTimings
}

/** Events, synchronous and in the order in which they take effect. Handlers MUST NOT throw. */
export interface ClusterEvents {
  joined(name: string, id: string, session: RemoteSession): void
  parted(name: string, id: string): void
  /** A message of a joined remote peer, never twice. Direct ones are for local peers only. The payload is a view. */
  message(name: string, message: PeerMessage): void
  met(session: RemoteSession): void
  /** A session was silent for too long or said goodbye. */
  lost(session: RemoteSession): void
}

/** Counts of arrivals, for metrics. */
export interface ReceivedCounts {
  /** Accepted batches of other proxies. */
  received: number
  receivedBytes: number
  /** Batches with another seal or a wrong epoch. */
  rejected: number
  /** Batches that were seen before or are too old to tell. */
  replayed: number
  /** Dropped messages of peers: not joined, repeated, malformed. */
  dropped: number
  /** How often batches of another proxy were missing in a channel. */
  missing: number
}
