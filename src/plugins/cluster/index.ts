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

/** What the plugin decorates an app with as `cluster`. */
export interface ClusterApi {
  readonly status: ConnectionStatus
  /** Other proxies that give signs of life. */
  proxies (): ClusterProxyView[]
  /** For metrics: what was published, given up, refused. */
  readonly counts: Readonly<Record<'published' | 'publishedBytes' | 'queuedBytes' | 'queueDropped' | 'rejected' | 'replayed' | 'dropped', number>>
}

/** Options of the plugin, for tests. */
export interface ClusterOptions {
  readonly timings?: Partial<ClusterTimings>
  readonly connection?: Partial<ConnectionTimings>
}

export default fp<ClusterOptions>(async (app, options) => {
  if (app.config.clusterUrl.length === 0) {
    app.decorate('cluster', undefined)
    return
  }
  const { joinCluster } = await import('./join.ts')
  await joinCluster(app, options)
}, { name: 'nws-cluster', fastify: '5.x', dependencies: ['nws-config', 'nws-crypto', 'nws-channel-registry', 'nws-peer-mesh'] })
