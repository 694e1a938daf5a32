// `GET /api/links`: links to other proxies. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const linkRoutes: FastifyPluginAsyncTypebox = async app => {
  app.get('/api/links', {
    config: { surface: 'control' },
    schema: { summary: 'Links to other proxies', response: { 200: Type.Object({ links: Type.Array(Type.Object({})) }) } }
  }, async () => ({ links: [] }))
}

export default linkRoutes
