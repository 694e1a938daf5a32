// `POST /api/channels/:name/messages`: sends one message. The text of `data` passes unchanged, so this route reads its body
// itself.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { decodePublish, type PublishRequest } from '../../core/envelope.ts'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/http-peers/index.ts'
import { goneSignal } from './gone.ts'
import { errorSchema, nameParams, scopeQuery, waitQuery } from './schemas.ts'

const messageRoutes: FastifyPluginAsyncTypebox = async app => {
  const {
    httpPeers,
    config: { maxDataDepth }
  } = app

  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    const request = decodePublish(body as Buffer, maxDataDepth)
    if (typeof request === 'string') done(new NwsError(request))
    else done(null, request)
  })

  app.post(
    '/api/channels/:name/messages',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'sendMessage',
        summary: 'Send a message to a channel',
        params: nameParams,
        body: Type.Object({
          data: Type.Unknown({ description: 'Any JSON value. Its text arrives unchanged.' }),
          target: Type.Optional(Type.String({ description: 'Id of a peer. Without it the message is a broadcast.' }))
        }),
        querystring: Type.Object({
          ...scopeQuery.properties,
          waitMs: waitQuery(
            'Time to wait until another peer is in the channel, in milliseconds. Default: 2000 if other proxies may share the channel, else 0.'
          )
        }),
        response: {
          200: Type.Object({
            peer: Type.String({ description: 'Id of the sender.' }),
            delivered: Type.Object({ local: Type.Integer(), remote: Type.Integer() })
          }),
          404: errorSchema,
          409: errorSchema
        }
      },
      preValidation: async ({ body }) => {
        if (body === undefined || body === null) throw new NwsError('NWS_ERR_REQUEST_MEDIA_TYPE')
      }
    },
    async ({ params: { name }, query: { scope = 'network', waitMs }, body, headers: { origin } }, reply) => {
      return httpPeers.publish(body as PublishRequest, { name, scope, origin, waitMs, gone: goneSignal(reply) })
    }
  )
}

export default messageRoutes
