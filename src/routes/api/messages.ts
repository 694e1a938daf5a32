// `POST /api/channels/:name/messages`: one message by HTTP. The body's data is passed on as the text it came in.
// No other route takes a body of this kind.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { decodePublish } from '../../core/envelope.ts'
import type { PublishRequest } from '../../core/envelope.ts'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/http-peers/index.ts'
import { errorSchema, nameParams, scopeQuery } from './schemas.ts'

/** Longest time a request may wait for somebody to be there. */
const MAX_WAIT_MS = 60_000

const messageRoutes: FastifyPluginAsyncTypebox = async app => {
  const { httpPeers, config: { maxDataDepth } } = app

  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    const request = decodePublish(body as Buffer, maxDataDepth)
    if (typeof request === 'string') done(new NwsError(request))
    else done(null, request)
  })

  app.post('/api/channels/:name/messages', {
    config: { surface: 'control' },
    schema: {
      summary: 'Send a message to a channel',
      description: 'The body is {"data": any JSON value, "target": "<peer id>"}; without target it is a broadcast.',
      consumes: ['application/json'],
      params: nameParams,
      querystring: Type.Object({
        ...scopeQuery.properties,
        waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_WAIT_MS, default: 0, description: 'Time to wait for somebody to be there.' }))
      }),
      response: {
        200: Type.Object({
          peer: Type.String({ description: 'Id under which it was sent.' }),
          delivered: Type.Object({ local: Type.Integer(), remote: Type.Integer() })
        }),
        404: errorSchema
      }
    }
  }, async ({ params: { name }, query: { scope = 'network', waitMs = 0 }, body, headers: { origin } }) => {
    if (body === undefined || body === null) throw new NwsError('NWS_ERR_REQUEST_MEDIA_TYPE')
    return httpPeers.publish(body as PublishRequest, { name, scope, origin, waitMs })
  })
}

export default messageRoutes
