// `POST /api/channels/:name/fault`: a fault for developers. It lasts as long as the answer, which tells of it in JSON Lines.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type {} from '../../plugins/channel-sockets/index.ts'
import { findChannel } from './find-channel.ts'
import { errorSchema, faultSchema, nameParams, scopeQuery } from './schemas.ts'

const HEADERS = {
  'content-type': 'application/x-ndjson; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no'
}

const faultRoutes: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/api/channels/:name/fault',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'beginFault',
        summary: 'Switch on a fault for developers, as long as the request is open',
        description:
          'The fault concerns the WebSockets of this channel on this proxy. It ends with the connection of the request, and after 10 minutes. A delayed or slow client loses nothing; more than NWS_MAX_QUEUED_BYTES for it end it as usual. A client whose connection is cut misses messages if it does not resume.',
        params: nameParams,
        querystring: scopeQuery,
        body: Type.Object(
          {
            ...faultSchema.properties,
            except: Type.Optional(
              Type.String({ maxLength: 64, description: 'Id of a peer that the fault leaves alone.' })
            )
          },
          { minProperties: 1 }
        ),
        response: {
          200: {
            description:
              'One JSON object per line: {"connections":…} first, {"cut":…} for each cut, {"ended":"time"} or {"ended":"shutdown"} last.',
            content: { 'application/x-ndjson': { schema: Type.String() } }
          },
          404: errorSchema,
          409: errorSchema
        }
      }
    },
    async ({ params: { name }, query: { scope = 'network' }, body: { except, ...plan } }, reply) => {
      const channel = findChannel(app, name, scope)
      const { raw } = reply
      const tell = (line: object): void => {
        raw.write(`${JSON.stringify(line)}\n`)
      }
      const fault = app.channelSockets.faults.begin({ name, scope, except }, plan, {
        cut: connections => tell({ cut: connections }),
        ended: reason => {
          tell({ ended: reason })
          raw.end()
        }
      })
      app.log.warn({ channel: channel.tag, ...plan }, 'a fault for developers begins')
      raw.on('error', () => {})
      raw.once('close', () => {
        fault.end()
        app.log.warn({ channel: channel.tag }, 'a fault for developers is over')
      })
      reply.hijack()
      if (raw.destroyed) return fault.end() // The client has gone meanwhile.
      raw.writeHead(200, HEADERS)
      tell({ connections: fault.connections })
    }
  )
}

export default faultRoutes
