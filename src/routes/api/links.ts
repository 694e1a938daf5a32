// `GET /api/links`: the links to other proxies, and the proxies of the cluster. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/cluster/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/crypto/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'
import { clusterProxySchema, linkSchema } from './schemas.ts'
import { computerViews } from './views.ts'

const linkRoutes: FastifyPluginAsyncTypebox = async app => {
  const {
    peerMesh,
    cluster,
    crypto,
    config: { apiShowNames }
  } = app
  const shown = (channels: readonly string[]): string[] =>
    apiShowNames ? [...channels] : channels.map(name => crypto.channelTag(name))
  app.get(
    '/api/links',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'listLinks',
        summary: 'List the links to other proxies',
        response: {
          200: Type.Object({
            links: Type.Array(linkSchema),
            cluster: Type.Optional(
              Type.Array(clusterProxySchema, {
                description: 'Other proxies of the cluster. Absent without NWS_CLUSTER_URL.'
              })
            )
          })
        }
      }
    },
    async () => {
      const computer = computerViews(app)
      return {
        links: peerMesh.links().map(({ channels, since, rttMs, ...link }) => ({
          ...link,
          ...computer(link.proxyId),
          since: new Date(since).toISOString(),
          ...(rttMs === undefined ? {} : { rttMs }),
          channels: shown(channels)
        })),
        ...(cluster === undefined
          ? {}
          : {
              cluster: cluster.proxies().map(({ channels, since, ...proxy }) => ({
                ...proxy,
                ...computer(proxy.proxyId),
                since: new Date(since).toISOString(),
                channels: shown(channels)
              }))
            })
      }
    }
  )
}

export default linkRoutes
