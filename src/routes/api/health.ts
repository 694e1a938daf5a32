// `GET /api/health`: whether this proxy is well; to whom may know, also what it is busy with. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/channel-registry/index.ts'
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
  mesh: Type.Optional(Type.Object({ port: Type.Integer(), links: Type.Integer() })),
  extensions: Type.Optional(Type.Array(Type.String(), { description: 'Paths of loaded extensions.' }))
})

const healthRoutes: FastifyPluginAsyncTypebox = async app => {
  const started = performance.now()
  app.get('/api/health', {
    config: { surface: 'public' },
    schema: {
      summary: 'State of this proxy',
      description: 'Callers that the rest of the API would refuse get status and version only.',
      response: { 200: healthSchema }
    }
  }, async request => {
    const brief = { status: 'ok' as const, version: app.proxyVersion }
    if (!app.accessGuard.isTrusted(request)) return brief
    return {
      ...brief,
      uptimeSeconds: Math.floor((performance.now() - started) / 1000),
      proxyId: app.crypto.proxyId.text,
      channels: app.channelRegistry.hub.size,
      peers: app.channelRegistry.peers().length,
      discovery: { state: app.discovery.status.state, interfaces: [...app.discovery.status.interfaces] },
      mesh: { port: app.peerMesh.port, links: app.peerMesh.links().length },
      extensions: [...app.config.extensions]
    }
  })
}

export default healthRoutes
