// What the cluster needs from outside and what it tells. Interfaces only.
import type { PeerMessage } from '../link/channel-message.ts'
import type { Clock } from '../clock.ts'
import type { ClusterTimings } from './constants.ts'
import type { ClusterPrimitives } from './primitives.ts'
import type { RemoteSession } from './sessions.ts'

/** The connection to the broker. Methods MUST NOT call back synchronously and MUST NOT throw. */
export interface ClusterPort {
  /** Whether the broker takes more now; where that changes to true, `Cluster.drained()` is called. */
  readonly ready: boolean
  /** Largest message that the broker takes, bytes. */
  readonly maxPayload: number
  /** The bytes are given away. */
  publish(subject: string, bytes: Uint8Array): void
  /** From now on, and after each return of the connection, until the returned function is called. */
  subscribe(subject: string): () => void
}

/** All that comes from outside. */
export interface ClusterEnvironment {
  /** Id of this run, 16 bytes, as links know it. */
  readonly proxyId: Uint8Array
  /** 32 bytes or more each. The first one seals; all are accepted. */
  readonly secrets: readonly Uint8Array[]
  readonly primitives: ClusterPrimitives
  readonly clock: Clock
  /** Milliseconds since 1970, for epochs. */
  readonly time: () => number
  readonly endOfTurn: (run: () => void) => void
  /** 0 to 1, for jitter. */
  readonly random: () => number
  readonly port: ClusterPort
  readonly timings: ClusterTimings
}

/** Told by the cluster, synchronously, in the order in which things take effect. MUST NOT throw. */
export interface ClusterEvents {
  joined(name: string, id: string, session: RemoteSession): void
  parted(name: string, id: string): void
  /** A message of a joined remote peer, never twice; `direct` ones only for a local peer. The payload is a view. */
  message(name: string, message: PeerMessage): void
  /** A session has proven to be alive. */
  met(session: RemoteSession): void
  /** Nothing was heard of it for long, or it has said goodbye. */
  lost(session: RemoteSession): void
  /** Links of the mesh that the session says end in it. */
  links(session: RemoteSession, bindings: readonly Uint8Array[]): void
}

/** What was heard, for metrics. */
export interface ClusterCounts {
  /** Batches of other proxies that were taken. */
  received: number
  /** Bytes of those. */
  receivedBytes: number
  /** Batches that were not sealed for us, or of a wrong epoch. */
  rejected: number
  /** Batches that were seen before, or are too old to tell. */
  replayed: number
  /** Messages of peers that were dropped: not joined, repeated, malformed. */
  dropped: number
}
