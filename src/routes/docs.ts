// `/docs/api`: a page that shows /api/openapi.json and /api/asyncapi.json. The page itself holds nothing that is secret;
// what it shows, it asks the API for like any other page of this proxy. Not the documents (docs/), which are for reading.
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import { PAGE_HEADERS } from './page-headers.ts'
import { PUBLIC } from './public-folder.ts'

export default async function docsRoutes(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
    }
  })
  const options = { config: { surface: 'public' }, schema: { hide: true } } as const
  app.get('/docs/api', options, (_request, reply) => reply.sendFile('docs/api.html'))
  for (const file of ['api.js', 'api.css'])
    app.get(`/docs/${file}`, options, (_request, reply) => reply.sendFile(`docs/${file}`))
}
