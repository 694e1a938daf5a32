// The console at `/` and `/console`, with its files. An upgrade of `/console` opens the channel of that name. An upgrade of
// `/` goes to the rendezvous, if it is on.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type {} from '../plugins/channel-sockets/index.ts'
import type {} from '../plugins/bonevalue/rendezvous/index.ts'
import { rootSocket } from './bonevalue/sockets.ts'
import { servePages } from './public-files.ts'

export default async function consoleRoutes(app: FastifyInstance): Promise<void> {
  await servePages(app)

  const page = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => reply.sendFile('console/index.html')

  app.route({
    method: 'GET',
    url: '/',
    config: { surface: 'public', upgradeSurface: 'rendezvous' },
    schema: { hide: true },
    handler: page,
    ...(app.rendezvous.isOn ? rootSocket(app) : {})
  })
  app.route({
    method: 'GET',
    url: '/console',
    config: { surface: 'public', upgradeSurface: 'data', socket: true },
    schema: { hide: true },
    handler: page,
    wsHandler: (socket, request) => app.channelSockets.accept(socket, request, { name: 'console', scope: 'network' })
  })
  app.get<{ Params: { '*': string } }>(
    '/console/*',
    { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => reply.sendFile(`console/${request.params['*']}`)
  )
}
