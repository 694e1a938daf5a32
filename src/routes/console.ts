// The console page at `/` and `/console`, and what it loads. An upgrade of `/console` is the channel of that name.
// Not the page itself (public/).
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type {} from '../plugins/channel-sockets/index.ts'

const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url))

/** What every page of this proxy is served with: it may load and reach only this proxy, and nobody may frame it. */
export const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
} as const

export default async function consoleRoutes (app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => { for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value) }
  })

  const page = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => reply.sendFile('console/index.html')

  app.get('/', { config: { surface: 'public' }, schema: { hide: true } }, page)
  app.route({
    method: 'GET',
    url: '/console',
    config: { surface: 'public', upgradeSurface: 'data', socket: true },
    schema: { hide: true },
    handler: page,
    wsHandler: (socket, request) => app.channelSockets.accept(socket, request, { name: 'console', scope: 'network', speaks: 'envelope' })
  })
  app.get<{ Params: { '*': string } }>('/console/*', { config: { surface: 'public' }, schema: { hide: true } },
    (request, reply) => reply.sendFile(`console/${request.params['*']}`))
}
