// `/docs/api`: a page that shows /api/openapi.json and /api/asyncapi.json. The page holds no secret: it asks the API, as
// every page of this proxy does.
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import { servePages } from './public-files.ts'

export default async function docsRoutes(app: FastifyInstance): Promise<void> {
  await servePages(app)
  const options = { config: { surface: 'public' }, schema: { hide: true } } as const
  app.get('/docs/api', options, (_request, reply) => reply.sendFile('docs/api.html'))
  for (const file of ['api.js', 'api.css'])
    app.get(`/docs/${file}`, options, (_request, reply) => reply.sendFile(`docs/${file}`))
}
