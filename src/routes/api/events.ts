// `GET /api/channels/:name/events`: a channel as server-sent events. The request joins the channel, so it has to ask for
// the stream by Accept.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/http-peers/index.ts'
import { errorSchema, nameParams, scopeQuery } from './schemas.ts'

/** Marks a type that the client refuses (RFC 9110 §12.4.2). */
const REFUSED = /;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/

const eventRoutes: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/api/channels/:name/events',
    {
      config: { surface: 'events' },
      exposeHeadRoute: false,
      schema: {
        operationId: 'listenToChannel',
        summary: 'Listen to a channel by server-sent events',
        params: nameParams,
        querystring: scopeQuery,
        response: {
          200: {
            description: 'Events, as docs/API.md describes them, until one side ends the stream.',
            content: { 'text/event-stream': { schema: Type.String() } }
          },
          404: errorSchema,
          406: errorSchema
        }
      },
      preValidation: async ({ headers: { accept } }) => {
        const types = (accept ?? '')
          .toLowerCase()
          .split(',')
          .filter(type => !REFUSED.test(type))
          .map(type => type.split(';', 1)[0]!.trim())
        if (!types.includes('text/event-stream')) throw new NwsError('NWS_ERR_REQUEST_NOT_ACCEPTABLE')
      }
    },
    async ({ params: { name }, query: { scope = 'network' }, headers: { origin } }, reply) => {
      await app.httpPeers.openEvents(reply.raw, { name, scope, origin })
      reply.hijack()
    }
  )
}

export default eventRoutes
