// `/.well-known/nws`: tells every page that a proxy runs here, and no more. Pages of other sites may read no other answer.
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../plugins/access-guard.ts'

/** Generation of the protocol of clients. */
const GENERATION = 3

export default async function wellKnownRoutes(app: FastifyInstance): Promise<void> {
  app.get('/.well-known/nws', { config: { surface: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.header('access-control-allow-origin', '*').send({ nws: GENERATION })
  )
}
