// How a route of clients' sockets is declared: a WebSocket where it is asked to upgrade, otherwise a word on how to
// connect, and no other method. Not the routes themselves (channel.ts, legacy.ts).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type { SocketSeat } from '../plugins/channel-sockets/index.ts'

/** Parameters in the path of such a route. */
export interface SocketParams {
  readonly channel: string
  /** The id that the client gives itself. */
  readonly id: string
}

async function explain(): Promise<never> {
  throw new NwsError('NWS_ERR_UPGRADE_REQUIRED')
}

async function refuseMethod(_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', 'GET, HEAD')
  throw new NwsError('NWS_ERR_METHOD_NOT_ALLOWED')
}

/**
 * Declares a route of sockets. What cannot have its seat is refused before any upgrade.
 *
 * @param seatOf which seat in which channel the path asks for
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
    handler: explain,
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
