// The listener for guests serves the pages of open invitations, the client library, and one socket. It serves nothing of the
// main listener.
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '@fastify/websocket'
import type {} from '../../plugins/access-guard.ts'
import type {} from '../../plugins/guests/index.ts'
import appRoutes from './app.ts'
import pageRoutes from './pages.ts'

/** The name in a Host header, without its port. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, '')

export default async function guestRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async ({ headers: { host = '' } }) => {
    if (!(await app.guests.isHost(nameOf(host)))) throw new NwsError('NWS_ERR_HOST_NOT_ALLOWED')
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('referrer-policy', 'no-referrer')
  })
  app.route({
    method: 'GET',
    url: '/guest',
    config: { surface: 'account', socket: true },
    handler: async () => {
      throw new NwsError('NWS_ERR_UPGRADE_REQUIRED')
    },
    wsHandler: (socket, request) => app.guests.accept(socket, request)
  })
  await app.register(pageRoutes)
  await app.register(appRoutes)
}
