// Where sockets to the rendezvous are opened: `/bv/socket`, and `/` as in the first generation. What is said on them is
// not known here (plugins/bonevalue/rendezvous).
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '@fastify/swagger'
import type { WebSocket } from 'ws'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'

/** What a route of `/` needs to take sockets too. Only there are cookies looked at, by which clients of 2012 log in. */
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
