// The console page at `/` and `/console`, and what it loads. An upgrade of `/console` is the channel of that name, one
// of `/` goes to the rendezvous where there is one. Not the page itself (public/).
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type {} from '../plugins/channel-sockets/index.ts'
import type {} from '../plugins/bonevalue/rendezvous/index.ts'
import { PAGE_HEADERS } from './page-headers.ts'
import { rootSocket } from './bonevalue/sockets.ts'
import { PUBLIC } from './public-folder.ts'

export default async function consoleRoutes(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
    }
  })

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
