// `GET /api/health`: whether this proxy is well; to whom may know, also what it is busy with. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/channel-registry/index.ts'
import type { ClusterApi } from '../../plugins/cluster/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/crypto/index.ts'
import type {} from '../../plugins/discovery/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

const healthSchema = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  uptimeSeconds: count('Whole seconds since the start.'),
  proxyId: Type.Optional(Type.String({ description: 'Id of this run.' })),
  channels: count('Open channels.'),
  peers: count('Peers of all channels, remote ones too.'),
  discovery: Type.Optional(Type.Object({ state: Type.String(), interfaces: Type.Array(Type.String()) })),
  mesh: Type.Optional(
    Type.Object({
      port: Type.Integer(),
      links: Type.Integer(),
      peers: Type.Array(Type.String(), { description: 'Static peers, as NWS_PEERS names them.' })
    })
  ),
  cluster: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['connecting', 'connected', 'disconnected', 'closed']),
        server: Type.Optional(Type.String({ description: 'NATS server that this proxy is connected to.' })),
        error: Type.Optional(Type.String({ description: 'Code of what went wrong at the last try.' })),
        reconnects: Type.Integer({ description: 'How often the connection came back.' }),
        proxies: Type.Integer({ description: 'Other proxies of the cluster.' }),
        queuedBytes: Type.Integer({ description: 'Bytes that wait for the server.' }),
        queueDropped: Type.Integer({ description: 'Messages that were given up because too much waited.' })
      },
      { description: 'Absent where no cluster is configured.' }
    )
  ),
  lan: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Addresses by which devices without a proxy reach this one, where NWS_HOST and NWS_ALLOWED_HOSTS let them.'
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

const healthRoutes: FastifyPluginAsyncTypebox = async app => {
  const started = performance.now()
  app.get(
    '/api/health',
    {
      config: { surface: 'public' },
      schema: {
        summary: 'State of this proxy',
        description: 'Callers that the rest of the API would refuse get status and version only.',
        response: { 200: healthSchema }
      }
    },
    async request => {
      const brief = { status: 'ok' as const, version: app.proxyVersion }
      if (!app.accessGuard.isTrusted(request)) return brief
      return {
        ...brief,
        uptimeSeconds: Math.floor((performance.now() - started) / 1000),
        proxyId: app.crypto.proxyId.text,
        channels: app.channelRegistry.hub.size,
        peers: app.channelRegistry.peers().length,
        discovery: { state: app.discovery.status.state, interfaces: [...app.discovery.status.interfaces] },
        mesh: { port: app.peerMesh.port, links: app.peerMesh.links().length, peers: [...app.config.peers] },
        ...(app.cluster === undefined ? {} : { cluster: clusterView(app.cluster) }),
        lan: app.accessGuard.lanAddresses(request),
        extensions: [...app.config.extensions]
      }
    }
  )
}

export default healthRoutes
