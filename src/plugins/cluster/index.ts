// The cluster of this proxy as a decorator. Wiring only, and next to nothing where no cluster is configured: the NATS
// client is loaded only then, so that a start without it does not pay.
import fp from 'fastify-plugin'
import type { ClusterTimings } from '../../core/cluster/constants.ts'
import type {} from '../config.ts'
import type { ConnectionStatus } from './connection.ts'
import type { ConnectionTimings } from './options.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined where NWS_CLUSTER_URL is not set. */
    cluster: ClusterApi | undefined
  }
}

/** Another proxy of the cluster, as it is shown. */
export interface ClusterProxyView {
  readonly proxyId: string
  /** Names of the channels that it shares with this one: secrets. */
  readonly channels: readonly string[]
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly messages: { readonly in: number }
  readonly bytes: { readonly in: number }
}

/** What went over the cluster, for metrics. */
export interface ClusterCounts {
  /** Sealed batches. */
  readonly batches: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
  /** Bytes that wait for the server. */
  readonly queuedBytes: number
  /** Frames that were given up because too much waited. */
  readonly queueDropped: number
  /** Batches that were not sealed for us, or of a wrong epoch. */
  readonly rejected: number
  /** Batches that were seen before, or are too old to tell. */
  readonly replayed: number
  /** Messages of peers that were dropped: not joined, repeated, malformed. */
  readonly dropped: number
}

/** What the plugin decorates an app with as `cluster`. */
export interface ClusterApi {
  readonly status: ConnectionStatus
  /** Other proxies that give signs of life. */
  proxies(): ClusterProxyView[]
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
