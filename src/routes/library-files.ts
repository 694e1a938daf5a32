// The files of the client libraries, as all routes send them: with the headers that let pages of other sites load them.
// Not which addresses they have (lib.ts, rendezvous/).
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { LIBRARY_HEADERS } from './page-headers.ts'
import { PUBLIC } from './public-folder.ts'

/** Lets the replies of a scope send library files, and nothing else of public/ without a route of its own. */
export async function serveLibraryFiles(scope: FastifyInstance): Promise<void> {
  await scope.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => {
      for (const [name, value] of Object.entries(LIBRARY_HEADERS)) response.setHeader(name, value)
    }
  })
}

/** @param file its name right in `lib/` */
export function sendLibraryFile(reply: FastifyReply, file: string): FastifyReply {
  reply.type(file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json; charset=utf-8') // RFC 9239
  return reply.sendFile(`lib/${file}`, { contentType: false })
}
