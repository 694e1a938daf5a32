// `/examples/`: the example pages, unless NWS_EXAMPLES is off. Each is a folder of public/examples.
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import type {} from '../plugins/config.ts'
import { servePages } from './public-files.ts'

/** The folder of an example, if the slash is missing that its relative addresses need. */
const FOLDER = /^[a-z]+$/

export default async function exampleRoutes(app: FastifyInstance): Promise<void> {
  if (!app.config.examples) return
  await servePages(app)
  app.get<{ Params: { '*': string } }>(
    '/examples/*',
    { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => {
      const { '*': path } = request.params
      if (FOLDER.test(path)) return reply.redirect(`${path}/`) // Relative to /examples/, which may have a prefix.
      if (path.endsWith('.md'))
        return reply.type('text/plain; charset=utf-8').sendFile(`examples/${path}`, { contentType: false }) // Browsers show it.
      return reply.sendFile(`examples/${path}${path === '' || path.endsWith('/') ? 'index.html' : ''}`)
    }
  )
}
