// `/.well-known/nws`: by this any page can ask whether a proxy runs here. It says that, and no more; it is the one
// answer that pages of other sites may read.
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'

/** Generation of the clients' protocol. */
const GENERATION = 3

export default async function wellKnownRoutes(app: FastifyInstance): Promise<void> {
  app.get('/.well-known/nws', { config: { surface: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.header('access-control-allow-origin', '*').send({ nws: GENERATION })
  )
}
