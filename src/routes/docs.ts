// `/docs`: the manual, and `/docs/api`, a page that shows /api/openapi.json and /api/asyncapi.json. No page holds a secret:
// that of the API asks the API, as every page of this proxy does. An upgrade of `/docs` opens the channel of that name.
import type { FastifyInstance } from 'fastify'
import { NwsError } from '../core/errors.ts'
import { MANUAL_INDEX, createManual } from '../platform/manual.ts'
import { packageFile } from '../platform/package.ts'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type {} from '../plugins/access-guard.ts'
import type {} from '../plugins/channel-sockets/index.ts'
import { sendPage, servePages } from './public-files.ts'

export default async function docsRoutes(app: FastifyInstance): Promise<void> {
  await servePages(app)
  const options = { config: { surface: 'public' }, schema: { hide: true } } as const
  const manual = createManual()
  app.route({
    method: 'GET',
    url: '/docs',
    config: { surface: 'public', upgradeSurface: 'data', socket: true },
    schema: { hide: true },
    handler: (_request, reply) => reply.redirect(`docs/${MANUAL_INDEX}`),
    wsHandler: (socket, request) => app.channelSockets.accept(socket, request, { name: 'docs', scope: 'network' })
  })
  app.get('/docs/api', options, (_request, reply) => reply.sendFile('docs/api.html'))
  for (const file of ['api.js', 'api.css', 'manual.css'])
    app.get(`/docs/${file}`, options, (_request, reply) => reply.sendFile(`docs/${file}`))
  app.get<{ Params: { '*': string } }>('/docs/*', options, async ({ params: { '*': address } }, reply) => {
    const picture = manual.picture(address)
    if (picture !== undefined) return reply.sendFile(picture, packageFile('./'))
    const page = await manual.page(address === '' ? MANUAL_INDEX : address)
    if (page === undefined) throw new NwsError('NWS_ERR_NOT_FOUND')
    return sendPage(reply, page)
  })
}
