// The listener for other machines serves beside `/bv/*`: the module of the client, sockets at `/`, and the pages of the
// user. It serves nothing of the main listener.
import { realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/config.ts'
import { PUBLIC } from '../../platform/package.ts'
import { sendLibraryFile, serveLibrary } from '../public-files.ts'
import { rootSocket } from './sockets.ts'

/** Finds pages in a folder. */
function pagesOf(root: string): (path: string) => Promise<boolean> {
  return async path => {
    const names = path.split('/')
    // The static files would redirect from an address with an empty name to one that browsers take for another host.
    if (names.slice(0, -1).includes('') || names.includes('.') || names.includes('..')) return false
    try {
      const real = relative(await realpath(root), await realpath(join(root, path)))
      // A link may lead out of the folder, or to a hidden file.
      return !real.split(sep).some(name => name.startsWith('.'))
    } catch {
      return false
    }
  }
}

/** The pages of the user. A name that begins with a dot is not served, and no link that leads out of the folder. */
async function ownPages(app: FastifyInstance): Promise<void> {
  const { webRoot } = app.config
  const hasPages = webRoot !== ''
  const isPage = pagesOf(resolve(webRoot))
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
    handler: async (_request, reply) => {
      if (!hasPages || !(await isPage('index.html'))) throw new NwsError('NWS_ERR_NOT_FOUND')
      return reply.sendFile('index.html')
    },
    ...rootSocket(app)
  })
  if (!hasPages) return
  // Browsers ask for it on every page without an icon, and show a failure as an error of the page.
  app.get('/favicon.ico', { config: { surface: 'public' } }, async (_request, reply) =>
    (await isPage('favicon.ico')) ? reply.sendFile('favicon.ico') : reply.code(204).send()
  )
  app.get<{ Params: { '*': string } }>(
    '/*',
    { config: { surface: 'public' } },
    async ({ params: { '*': path } }, reply) => {
      const file = path.endsWith('/') ? `${path}index.html` : path
      if (!(await isPage(file))) throw new NwsError('NWS_ERR_NOT_FOUND')
      return reply.sendFile(file)
    }
  )
}

export default async function webRootRoutes(app: FastifyInstance): Promise<void> {
  await app.register(ownPages)
  await app.register(async scope => {
    await serveLibrary(scope)
    for (const file of ['bonevalue.js', 'networkwebsockets-files.js'])
      scope.get(`/lib/${file}`, { config: { surface: 'public' } }, (_request, reply) => sendLibraryFile(reply, file))
  })
}
