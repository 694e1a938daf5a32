// Joins the cluster: gives core/cluster its connection, clock and cryptography, and connects it with the channels.
import type { FastifyInstance } from 'fastify'
import { Cluster } from '../../core/cluster/cluster.ts'
import { clusterTimings } from '../../core/cluster/constants.ts'
import type { RemoteSession } from '../../core/cluster/sessions.ts'
import { NetworkCarrier } from '../../core/hub/network-carrier.ts'
import { createRealClock } from '../../platform/real-clock.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../peer-mesh/index.ts'
import { readSecrets } from './files.ts'
import type { ClusterOptions } from './index.ts'
import { loadNatsClient } from './nats-client.ts'
import { NatsPort } from './nats-port.ts'
import { connectionOptions, connectionTimings } from './options.ts'
import { createClusterPrimitives } from './primitives.ts'

/** @throws NwsError `NWS_ERR_CONFIG_CLUSTER_SECRET`, `NWS_ERR_CONFIG_CLUSTER_FILE` */
export async function joinCluster(app: FastifyInstance, options: ClusterOptions): Promise<void> {
  const {
    config,
    crypto,
    channelRegistry: { hub },
    log
  } = app
  const times = { ...connectionTimings, ...options.connection }
  const secrets = await readSecrets(config.clusterSecret)
  /** When each session was met, milliseconds since the epoch. */
  const since = new WeakMap<RemoteSession, number>()
  const clock = createRealClock(error => log.error({ err: error }, 'error in the cluster'))
  const client = await loadNatsClient()
  const port = new NatsPort(client, await connectionOptions(client, config, times), times, {
    message: (subject, bytes) => clock.guarded(() => cluster.received(subject, bytes))(),
    connected: () => {
      log.info({ server: port.status.server }, 'connected to the cluster')
      clock.guarded(() => cluster.connected())()
    },
    disconnected: () => {},
    confirmed: count => clock.guarded(() => cluster.confirmed(count))(),
    failed: (code, sentence) => log.warn({ code }, sentence)
  })
  const carrier: NetworkCarrier<RemoteSession> = new NetworkCarrier({
    name: 'cluster',
    hub,
    network: () => cluster,
    proxyOf: ({ proxyId }) => proxyId,
    mayReachOthers: () => true
  })
  const cluster: Cluster = new Cluster(
    {
      proxyId: crypto.proxyId.bytes,
      secrets,
      primitives: createClusterPrimitives(crypto.link),
      clock,
      time: Date.now,
      endOfTurn: clock.soon,
      random: crypto.random,
      port,
      timings: { ...clusterTimings, ...options.timings }
    },
    {
      ...carrier.events,
      met: session => {
        since.set(session, Date.now())
        log.debug({ proxy: session.proxyId }, 'met a proxy of the cluster')
      },
      lost: session => log.debug({ proxy: session.proxyId }, 'lost a proxy of the cluster')
    }
  )

  app.decorate('cluster', {
    get status() {
      return port.status
    },
    proxies: () =>
      [...cluster.proxies()].map(session => ({
        proxyId: session.proxyId,
        channels: cluster.namesOf(session),
        since: since.get(session) ?? 0,
        messages: { ...session.messages },
        bytes: { ...session.bytes }
      })),
    get waitingBytes() {
      return cluster.publisher.waitingBytes
    },
    check: channel => cluster.check(channel),
    get counts() {
      const { published, publishedBytes, queuedBytes, dropped: queueDropped } = cluster.publisher
      const { received, receivedBytes, rejected, replayed, dropped, missing } = cluster.counts
      return {
        batches: { in: received, out: published },
        bytes: { in: receivedBytes, out: publishedBytes },
        queuedBytes,
        queueDropped,
        rejected,
        replayed,
        dropped,
        missing
      }
    }
  })
  hub.attach(carrier)

  app.addHook('onReady', async () => {
    cluster.start()
    port.start()
  })
  app.addHook('preClose', async () => {
    cluster.close()
    await port.close()
  })
}
