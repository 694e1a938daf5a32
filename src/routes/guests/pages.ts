// The pages for guests: the page of each open invitation, the files that pages share, and the client library, whose build
// for guests knows invitations.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/guests/index.ts'
import { sendLibraryFile, serveLibrary, servePages } from '../public-files.ts'

/** Pages to which the start page leads. */
const FROM_START = ['start', 'chat', 'whiteboard', 'game']
/** Files of the console that pages share. */
const SHARED_FILES = ['console/theme.css', 'console/icon.svg']
/** Files of the library that have a build for guests. */
const GUEST_BUILDS = ['networkwebsockets.js', 'networkwebsockets.global.js']
const FILE = /^\w[\w-]*(?:\.[\w-]+)+$/

/** Whether a decoded path leads out of its folder. */
const leadsOut = (path: string): boolean => path.split(/[/\\]/).includes('..')

export default async function pageRoutes(app: FastifyInstance): Promise<void> {
  const isServed = (page: string): boolean => {
    for (const { facts } of app.guests.open())
      if (facts.page === page || (facts.page === 'start' && FROM_START.includes(page))) return true
    return false
  }
  const config = { surface: 'public' } as const

  await app.register(async scope => {
    await servePages(scope)
    const send = (reply: FastifyReply, page: string, path: string): FastifyReply => {
      if (!isServed(page) || (page !== 'start' && !app.config.examples)) throw new NwsError('NWS_ERR_NOT_FOUND')
      if (path.endsWith('.md') || leadsOut(path)) throw new NwsError('NWS_ERR_NOT_FOUND')
      const folder = page === 'start' ? 'guest' : `examples/${page}`
      return reply.sendFile(`${folder}/${path === '' || path.endsWith('/') ? `${path}index.html` : path}`)
    }
    for (const page of ['start', 'chat', 'whiteboard', 'notes', 'game', 'pubsub', 'webrtc']) {
      scope.get<{ Params: { '*': string } }>(`/${page}/*`, { config }, (request, reply) =>
        send(reply, page, request.params['*'])
      )
      scope.get(`/${page}`, { config }, (_request, reply) => reply.redirect(`${page}/`))
    }
    // Pages of examples and the start page find the shared files at different places.
    for (const folder of ['shared', 'examples/shared'])
      scope.get<{ Params: { '*': string } }>(`/${folder}/*`, { config }, (request, reply) => {
        const path = request.params['*']
        if (leadsOut(path)) throw new NwsError('NWS_ERR_NOT_FOUND')
        return reply.sendFile(`examples/shared/${path}`)
      })
    for (const file of SHARED_FILES) scope.get(`/${file}`, { config }, (_request, reply) => reply.sendFile(file))
  })
  await app.register(async scope => {
    await serveLibrary(scope)
    scope.get<{ Params: { file: string } }>('/lib/:file', { config }, ({ params: { file } }, reply) => {
      if (!FILE.test(file)) throw new NwsError('NWS_ERR_NOT_FOUND')
      return sendLibraryFile(reply, GUEST_BUILDS.includes(file) ? `guest/${file}` : file)
    })
  })
}
