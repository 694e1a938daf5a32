// The addresses of the rendezvous, if it is on: `/bv/*` and `/scripts/BV.js`. `/` belongs to the console (console.ts), and
// on the listener for other machines to the pages of the user (web-root.ts).
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import type {} from '../../plugins/bonevalue/rendezvous/index.ts'
import { sendLibraryFile, serveLibrary } from '../public-files.ts'
import invitationRoutes from './invitations.ts'
import rendezvousSockets from './sockets.ts'

export default async function bonevalueRoutes(app: FastifyInstance): Promise<void> {
  if (!app.rendezvous.isOn) return
  await app.register(rendezvousSockets)
  await app.register(invitationRoutes)
  await app.register(async scope => {
    await serveLibrary(scope)
    // The library loads the module of file transfers from its own folder.
    for (const file of ['BV.js', 'networkwebsockets-files.js'])
      scope.get(`/scripts/${file}`, { config: { surface: 'public' }, schema: { hide: true } }, (_request, reply) =>
        sendLibraryFile(reply, file)
      )
  })
}
