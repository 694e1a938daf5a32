// `/lib/<file>`: the client libraries for browsers. Beside `/.well-known/nws` (and `/scripts/BV.js` of the rendezvous) they
// are all that pages of other sites may load from here; nothing else of public/ is.
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'
import { sendLibraryFile, serveLibraryFiles } from './library-files.ts'

/** Names of files right in the folder: a decoded parameter may hold slashes. */
const FILE = /^\w[\w-]*(?:\.[\w-]+)+$/

export default async function libRoutes(app: FastifyInstance): Promise<void> {
  await serveLibraryFiles(app)
  app.get<{ Params: { file: string } }>(
    '/lib/:file',
    { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => {
      if (!FILE.test(request.params.file)) throw new NwsError('NWS_ERR_NOT_FOUND')
      return sendLibraryFile(reply, request.params.file)
    }
  )
}
