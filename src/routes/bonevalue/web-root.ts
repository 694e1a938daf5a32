// The listener for other machines serves beside `/bv/*`: the module of the client, sockets at `/`, and the pages of the
// user. It serves nothing of the main listener.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/config.ts'
import { PUBLIC } from '../../platform/package.ts'
import { sendLibraryFile, serveLibrary } from '../public-files.ts'
import { rootSocket } from './sockets.ts'

/** The pages of the user. A name that begins with a dot is not served. */
async function ownPages(app: FastifyInstance): Promise<void> {
  const { webRoot } = app.config
  const hasPages = webRoot !== ''
  await app.register(fastifyStatic, {
    root: hasPages ? resolve(webRoot) : PUBLIC,
    serve: false,
    decorateReply: true,
    dotfiles: 'ignore',
    redirect: true, // Without its slash a folder is a wrong base for relative addresses.
    setHeaders: response => {
      void response.setHeader('x-content-type-options', 'nosniff')
    }
  })
  app.route({
    method: 'GET',
    url: '/',
    config: { surface: 'public', upgradeSurface: 'rendezvous' },
    handler: (_request, reply) => {
      if (!hasPages) throw new NwsError('NWS_ERR_NOT_FOUND')
      return reply.sendFile('index.html')
    },
    ...rootSocket(app)
  })
  if (!hasPages) return
  // Browsers ask for it on every page without an icon, and show a failure as an error of the page.
  app.get('/favicon.ico', { config: { surface: 'public' } }, (_request, reply) =>
    existsSync(join(webRoot, 'favicon.ico')) ? reply.sendFile('favicon.ico') : reply.code(204).send()
  )
  app.get<{ Params: { '*': string } }>('/*', { config: { surface: 'public' } }, ({ params: { '*': path } }, reply) =>
    reply.sendFile(path.endsWith('/') ? `${path}index.html` : path)
  )
}

export default async function webRootRoutes(app: FastifyInstance): Promise<void> {
  await app.register(ownPages)
  await app.register(async scope => {
    await serveLibrary(scope)
    scope.get('/lib/bonevalue.js', { config: { surface: 'public' } }, (_request, reply) =>
      sendLibraryFile(reply, 'bonevalue.js')
    )
  })
}
