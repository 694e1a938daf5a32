// Declares a route for sockets of clients. A request without an upgrade gets an answer that says how to connect. Other
// methods are refused.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type { SocketSeat } from '../plugins/channel-sockets/index.ts'

/** Parameters in the path. */
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
