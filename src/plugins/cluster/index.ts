// Decorates the app with the cluster of this proxy. Without a cluster it loads nothing, so that the start stays fast.
import fp from 'fastify-plugin'
import type { Cluster } from '../../core/cluster/cluster.ts'
import type { ClusterTimings } from '../../core/cluster/constants.ts'
import type {} from '../config.ts'
import type { NatsStatus } from './nats-port.ts'
import type { ConnectionTimings } from './options.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined if NWS_CLUSTER_URL is not set. */
    cluster: ClusterApi | undefined
  }
}

export interface ClusterProxyView {
  readonly proxyId: string
  /** Names of the shared channels: secrets. */
  readonly channels: readonly string[]
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly messages: { readonly in: number }
  readonly bytes: { readonly in: number }
}

/** Traffic of the cluster, for metrics. */
export interface ClusterCounts {
  readonly batches: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
  /** Bytes that the NATS server has not confirmed. */
  readonly queuedBytes: number
  /** Frames that were dropped because too much waited. */
  readonly queueDropped: number
  /** Batches with another seal or a wrong epoch. */
  readonly rejected: number
  /** Batches that were seen before or are too old to tell. */
  readonly replayed: number
  /** Dropped messages of peers: not joined, repeated, malformed. */
  readonly dropped: number
  /** How often batches of another proxy were missing in a channel. */
  readonly missing: number
}

export interface ClusterApi {
  readonly status: NatsStatus
  proxies(): ClusterProxyView[]
  /** Bytes that wait to be sent to the NATS server. */
  readonly waitingBytes: number
  /** Asks the other proxies of a channel whether they have taken everything so far. See `Cluster.check`. */
  check(channel: string): ReturnType<Cluster['check']>
  readonly counts: ClusterCounts
}

/** Options of the plugin, for tests. */
export interface ClusterOptions {
  readonly timings?: Partial<ClusterTimings>
  readonly connection?: Partial<ConnectionTimings>
}

export default fp<ClusterOptions>(
  async (app, options) => {
    if (app.config.clusterUrl.length === 0) {
      app.decorate('cluster', undefined)
      return
    }
    const { joinCluster } = await import('./join.ts')
    await joinCluster(app, options)
  },
  {
    name: 'nws-cluster',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-crypto', 'nws-channel-registry', 'nws-peer-mesh']
  }
)
