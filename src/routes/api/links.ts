// `GET /api/links`: links to other proxies. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/crypto/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'
import { linkSchema } from './schemas.ts'

const linkRoutes: FastifyPluginAsyncTypebox = async app => {
  const { peerMesh, crypto, config: { apiShowNames } } = app
  app.get('/api/links', {
    config: { surface: 'control' },
    schema: { summary: 'Links to other proxies', response: { 200: Type.Object({ links: Type.Array(linkSchema) }) } }
  }, async () => ({
    links: peerMesh.links().map(({ channels, since, rttMs, ...link }) => ({
      ...link,
      since: new Date(since).toISOString(),
      ...(rttMs === undefined ? {} : { rttMs }),
      channels: apiShowNames ? [...channels] : channels.map(name => crypto.channelTag(name))
    }))
  }))
}

export default linkRoutes
