// `/lib/<file>`: the client libraries for browsers. Beside `/.well-known/nws` (and `/scripts/BV.js` of the rendezvous) they
// are all that pages of other sites may load from here; nothing else of public/ is.
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import { LIBRARY_HEADERS } from './page-headers.ts'

const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url))

/** Names of files right in the folder: a decoded parameter may hold slashes. */
const FILE = /^\w[\w-]*(?:\.[\w-]+)+$/

export default async function libRoutes (app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => { for (const [name, value] of Object.entries(LIBRARY_HEADERS)) response.setHeader(name, value) }
  })
  app.get<{ Params: { file: string } }>('/lib/:file', { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => {
      if (!FILE.test(request.params.file)) throw new NwsError('NWS_ERR_NOT_FOUND')
      reply.type(request.params.file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json; charset=utf-8') // RFC 9239
      return reply.sendFile(`lib/${request.params.file}`, { contentType: false })
    })
}
