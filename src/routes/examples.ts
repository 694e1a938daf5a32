// `/examples/`: the example pages, each a folder of public/examples, unless NWS_EXAMPLES is off. Files only: what an
// example says to others goes through the same channels as anybody's messages.
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import type {} from '../plugins/config.ts'
import { PAGE_HEADERS } from './page-headers.ts'
import { PUBLIC } from './public-folder.ts'

/** The folder of an example, without the slash that its relative addresses need. */
const FOLDER = /^[a-z]+$/

export default async function exampleRoutes(app: FastifyInstance): Promise<void> {
  if (!app.config.examples) return
  await app.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
    }
  })
  app.get<{ Params: { '*': string } }>(
    '/examples/*',
    { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => {
      const { '*': path } = request.params
      if (FOLDER.test(path)) return reply.redirect(`${path}/`) // Relative to /examples/, wherever that is mounted.
      if (path.endsWith('.md'))
        return reply.type('text/plain; charset=utf-8').sendFile(`examples/${path}`, { contentType: false }) // To be read, not downloaded.
      return reply.sendFile(`examples/${path}${path === '' || path.endsWith('/') ? 'index.html' : ''}`)
    }
  )
}
