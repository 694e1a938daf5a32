// All that the rendezvous serves under addresses of its own, while it is on: `/bv/*` and `/scripts/BV.js`. Not `/`, which
// belongs to the console here (console.ts) and to pages of the user on the listener for other machines (web-root.ts).
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../../plugins/rendezvous/index.ts'
import { LIBRARY_HEADERS } from '../page-headers.ts'
import { PUBLIC } from '../public-folder.ts'
import invitationRoutes from './invitations.ts'
import rendezvousSockets from './sockets.ts'

export default async function rendezvousRoutes (app: FastifyInstance): Promise<void> {
  if (!app.rendezvous.isOn) return
  await app.register(rendezvousSockets)
  await app.register(invitationRoutes)
  await app.register(async scope => {
    await scope.register(fastifyStatic, {
      root: PUBLIC,
      serve: false,
      decorateReply: true,
      setHeaders: response => { for (const [name, value] of Object.entries(LIBRARY_HEADERS)) response.setHeader(name, value) }
    })
    scope.get('/scripts/BV.js', { config: { surface: 'public' }, schema: { hide: true } },
      (_request, reply) => reply.type('text/javascript; charset=utf-8').sendFile('lib/BV.js', { contentType: false }))
  })
}
