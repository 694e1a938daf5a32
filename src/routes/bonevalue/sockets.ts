// The addresses for sockets to the rendezvous: `/bv/socket`, and `/` as in the first generation.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '@fastify/swagger'
import type { WebSocket } from 'ws'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'

/** The parts of a route of `/` that takes sockets too. Clients of 2012 log in by cookies, and only here. */
export function rootSocket(app: FastifyInstance) {
  return {
    preValidation: async (request: FastifyRequest): Promise<void> => {
      if (request.ws) await app.rendezvous.logInByCookies(request, app.accessGuard.isKnownToRendezvous(request.raw))
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest): void => app.rendezvous.accept(socket, request)
  }
}

export default async function rendezvousSockets(app: FastifyInstance): Promise<void> {
  app.route({
    method: 'GET',
    url: '/bv/socket',
    config: { surface: 'rendezvous', socket: true },
    schema: { hide: true },
    handler: async () => {
      throw new NwsError('NWS_ERR_BV_UPGRADE_REQUIRED')
    },
    wsHandler: (socket, request) => app.rendezvous.accept(socket, request)
  })
}
