// `GET /api/health`: the state of this proxy, with numbers for callers that may use the API. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/channel-registry/index.ts'
import type { DiscoveryStatus } from '../../core/discovery.ts'
import type { ClusterApi } from '../../plugins/cluster/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/crypto/index.ts'
import type {} from '../../plugins/discovery/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'
import { computerSchema } from './schemas.ts'
import { computerViews } from './views.ts'

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

const healthSchema = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  uptimeSeconds: count('Whole seconds since the start.'),
  proxyId: Type.Optional(Type.String({ description: 'Id of this run.' })),
  ...Type.Partial(computerSchema).properties,
  channels: count('Open channels.'),
  peers: count('Peers of all channels, local and remote.'),
  discovery: Type.Optional(
    Type.Object({
      state: Type.String(),
      interfaces: Type.Array(Type.String()),
      leftOut: Type.Optional(
        Type.Array(Type.String(), { description: 'Interfaces that are not used because there are more than 20.' })
      )
    })
  ),
  mesh: Type.Optional(
    Type.Object({
      port: Type.Integer(),
      links: Type.Integer(),
      peers: Type.Array(Type.String(), { description: 'The proxies in NWS_PEERS.' })
    })
  ),
  cluster: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['connecting', 'connected', 'disconnected', 'closed']),
        server: Type.Optional(Type.String({ description: 'NATS server that this proxy is connected to.' })),
        error: Type.Optional(Type.String({ description: 'Error code of the last try.' })),
        reconnects: Type.Integer({ description: 'Reconnections to NATS.' }),
        proxies: Type.Integer({ description: 'Other proxies of the cluster.' }),
        queuedBytes: Type.Integer({ description: 'Bytes that the NATS server has not confirmed.' }),
        queueDropped: Type.Integer({ description: 'Messages that were dropped because too many bytes waited.' })
      },
      { description: 'Absent without NWS_CLUSTER_URL.' }
    )
  ),
  lan: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Addresses of this proxy for devices without a proxy, if NWS_HOST and NWS_ALLOWED_HOSTS allow them.'
    })
  ),
  extensions: Type.Optional(Type.Array(Type.String(), { description: 'Paths of loaded extensions.' }))
})

function clusterView(cluster: ClusterApi) {
  const {
    status: { state, server, error, reconnects },
    counts: { queuedBytes, queueDropped }
  } = cluster
  return {
    state,
    ...(server === undefined ? {} : { server }),
    ...(error === undefined ? {} : { error }),
    reconnects,
    proxies: cluster.proxies().length,
    queuedBytes,
    queueDropped
  }
}

function discoveryView({ state, interfaces, leftOut }: DiscoveryStatus) {
  return { state, interfaces: [...interfaces], ...(leftOut === undefined ? {} : { leftOut: [...leftOut] }) }
}

/** The state of the proxy that does not depend on the caller. */
export function healthView(app: FastifyInstance) {
  const { proxyVersion: version, discovery, peerMesh, cluster, config } = app
  const proxyId = app.crypto.proxyId.text
  return {
    version,
    proxyId,
    ...computerViews(app)(proxyId),
    discovery: discoveryView(discovery.status),
    mesh: { port: peerMesh.port, links: peerMesh.links().length, peers: [...config.peers] },
    ...(cluster === undefined ? {} : { cluster: clusterView(cluster) })
  }
}

const healthRoutes: FastifyPluginAsyncTypebox = async app => {
  const started = performance.now()
  app.get(
    '/api/health',
    {
      config: { surface: 'probe' },
      schema: {
        operationId: 'getHealth',
        summary: 'Show the state of this proxy',
        description: 'Callers that may not use the API get status and version only.',
        response: { 200: healthSchema }
      }
    },
    async request => {
      const brief = { status: 'ok' as const, version: app.proxyVersion }
      if (!app.accessGuard.isTrusted(request)) return brief
      return {
        ...brief,
        ...healthView(app),
        uptimeSeconds: Math.floor((performance.now() - started) / 1000),
        channels: app.channelRegistry.hub.size,
        peers: app.channelRegistry.peers().length,
        lan: app.accessGuard.lanAddresses(request),
        extensions: [...app.config.extensions]
      }
    }
  )
}

export default healthRoutes
