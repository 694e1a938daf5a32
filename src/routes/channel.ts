// `/<channel>`: a WebSocket where it is asked to upgrade, otherwise a word on how to connect. Not the API.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isChannelName } from '../core/channel-name.ts'
import { NwsError } from '../core/errors.ts'
import type {} from '@fastify/swagger'
import type {} from '@fastify/websocket'
import type {} from '../plugins/channel-sockets/index.ts'

interface ChannelParams {
  Params: { channel: string }
}

/** Refuses what cannot be a channel's name before any upgrade. */
async function checkName (request: FastifyRequest<ChannelParams>): Promise<void> {
  if (!isChannelName(request.params.channel)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
}

async function explain (): Promise<never> {
  throw new NwsError('NWS_ERR_UPGRADE_REQUIRED')
}

async function refuseMethod (_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', 'GET, HEAD')
  throw new NwsError('NWS_ERR_METHOD_NOT_ALLOWED')
}

export default async function channelRoutes (app: FastifyInstance): Promise<void> {
  app.route<ChannelParams>({
    method: 'GET',
    url: '/:channel',
    config: { surface: 'data', socket: true },
    schema: { hide: true },
    preValidation: checkName,
    handler: explain,
    wsHandler: (socket, request) => app.channelSockets.accept(socket, request, (request.params as ChannelParams['Params']).channel, 'network')
  })
  app.route<ChannelParams>({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/:channel',
    config: { surface: 'data' },
    schema: { hide: true },
    preParsing: refuseMethod,
    handler: refuseMethod
  })
}
