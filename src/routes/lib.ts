// `/lib/<file>`: the client libraries for browsers. Pages of other sites may load them, `/.well-known/nws` and, from the
// rendezvous, `/scripts/BV.js`. They may load nothing else.
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import { sendLibraryFile, serveLibrary } from './public-files.ts'

/** Names of files, and not of folders: a decoded parameter may have slashes. */
const FILE = /^\w[\w-]*(?:\.[\w-]+)+$/

export default async function libRoutes(app: FastifyInstance): Promise<void> {
  await serveLibrary(app)
  app.get<{ Params: { file: string } }>(
    '/lib/:file',
    { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => {
      if (!FILE.test(request.params.file)) throw new NwsError('NWS_ERR_NOT_FOUND')
      return sendLibraryFile(reply, request.params.file)
    }
  )
}
