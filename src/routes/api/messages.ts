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
        summary: 'Send a message to a channel',
        description:
          'The body is {"data": any JSON value, "target": "<peer id>"}. Without target the message is a broadcast.',
        consumes: ['application/json'],
        params: nameParams,
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
          404: errorSchema
        }
      }
    },
    async ({ params: { name }, query: { scope = 'network', waitMs }, body, headers: { origin } }, reply) => {
      if (body === undefined || body === null) throw new NwsError('NWS_ERR_REQUEST_MEDIA_TYPE')
      return httpPeers.publish(body as PublishRequest, { name, scope, origin, waitMs, gone: goneSignal(reply) })
    }
  )
}

export default messageRoutes
