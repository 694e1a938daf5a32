// Declares a route for sockets of clients. A request without an upgrade gets an answer that says how to connect. Other
// methods are refused.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NwsError } from '../core/errors.ts'
import { escapeHtml } from '../core/markdown.ts'
import { htmlPage } from '../platform/manual.ts'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type { SocketSeat } from '../plugins/channel-sockets/index.ts'
import { sendPage } from './public-files.ts'

/** Parameters in the path. */
export interface SocketParams {
  readonly channel: string
  /** The id that the client gives itself. */
  readonly id: string
}

/** Whether a browser shows the answer to a person. */
function isNavigation({ method, headers: { accept = '', 'sec-fetch-mode': mode } }: FastifyRequest): boolean {
  return method === 'GET' && accept.split(/[,;]/).includes('text/html') && (mode === undefined || mode === 'navigate')
}

/** A page that says that a channel is at this address. @param up the way to the root of the proxy */
function channelPage(name: string, up: string): string {
  return htmlPage({
    title: 'A channel',
    up,
    main: `<h1>This address is a channel</h1>
<p>The channel <code>${escapeHtml(name)}</code> has no page. Programs and pages open it as a WebSocket.</p>
<p><a href="${up}console#join=${escapeHtml(name)}">Open it in the console</a></p>
<p>The <a href="${up}docs/CLIENT.md">client library</a> joins it in a page of your own.</p>`
  })
}

async function refuseMethod(_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', 'GET, HEAD')
  throw new NwsError('NWS_ERR_METHOD_NOT_ALLOWED')
}

/**
 * Declares a route for sockets. A client that cannot have its seat is refused before the upgrade.
 *
 * @param seatOf gives the channel and the seat that a path asks for
 */
export function socketRoute(app: FastifyInstance, url: string, seatOf: (params: SocketParams) => SocketSeat): void {
  const seat = (request: FastifyRequest): SocketSeat => seatOf(request.params as SocketParams)
  app.route({
    method: 'GET',
    url,
    config: { surface: 'data', socket: true },
    schema: { hide: true },
    preValidation: async request => {
      const refusal = app.channelSockets.check(request, seat(request))
      if (refusal !== undefined) throw new NwsError(refusal)
    },
    handler: async (request, reply) => {
      const { name, scope } = seat(request)
      // The console joins channels of the network.
      if (!isNavigation(request) || scope !== 'network') throw new NwsError('NWS_ERR_UPGRADE_REQUIRED')
      void reply.headers({ 'cache-control': 'no-store', vary: 'accept, sec-fetch-mode' })
      return sendPage(reply, channelPage(name, '../'.repeat(url.split('/').length - 2)))
    },
    wsHandler: (socket, request) => app.channelSockets.accept(socket, request, seat(request))
  })
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url,
    config: { surface: 'data' },
    schema: { hide: true },
    preParsing: refuseMethod,
    handler: refuseMethod
  })
}
