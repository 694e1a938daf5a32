// All that the rendezvous serves under addresses of its own, while it is on: `/bv/*` and `/scripts/BV.js`. Not `/`, which
// belongs to the console here (console.ts) and to pages of the user on the listener for other machines (web-root.ts).
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'
import { sendLibraryFile, serveLibraryFiles } from '../library-files.ts'
import invitationRoutes from './invitations.ts'
import rendezvousSockets from './sockets.ts'

export default async function bonevalueRoutes(app: FastifyInstance): Promise<void> {
  if (!app.rendezvous.isOn) return
  await app.register(rendezvousSockets)
  await app.register(invitationRoutes)
  await app.register(async scope => {
    await serveLibraryFiles(scope)
    scope.get('/scripts/BV.js', { config: { surface: 'public' }, schema: { hide: true } }, (_request, reply) =>
      sendLibraryFile(reply, 'BV.js')
    )
  })
}
