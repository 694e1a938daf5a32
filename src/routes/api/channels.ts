// `/api/channels` and `/api/peers`: channels, their peers, and whether messages have arrived. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Channel } from '../../core/hub/channel.ts'
import type {} from '../../plugins/channel-registry/index.ts'
import type {} from '../../plugins/channel-sockets/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/delivery.ts'
import { findChannel } from './find-channel.ts'
import { goneSignal } from './gone.ts'
import {
  channelSchema,
  channelWithPeersSchema,
  deliverySchema,
  errorSchema,
  nameParams,
  peerSchema,
  scopeQuery,
  waitQuery
} from './schemas.ts'
import { channelView, computerViews, peerView } from './views.ts'

const channelRoutes: FastifyPluginAsyncTypebox = async app => {
  const {
    channelRegistry,
    channelSockets: { faults },
    config: { apiShowNames }
  } = app
  const viewOf = (channel: Channel) => channelView(channel, apiShowNames, faults.planOf(channel))

  app.get(
    '/api/channels',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'listChannels',
        summary: 'List the open channels',
        response: { 200: Type.Object({ channels: Type.Array(channelSchema) }) }
      }
    },
    async () => ({ channels: channelRegistry.channels().map(viewOf) })
  )

  app.get(
    '/api/channels/:name',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'getChannel',
        summary: 'Show one channel and its peers',
        params: nameParams,
        querystring: scopeQuery,
        response: { 200: channelWithPeersSchema, 404: errorSchema }
      }
    },
    async ({ params: { name }, query: { scope } }) => {
      const channel = findChannel(app, name, scope)
      const view = viewOf(channel)
      const computer = computerViews(app)
      const list = Array.from(channel.members(), peer => peerView(peer, apiShowNames, computer))
      return { ...view, peers: { ...view.peers, list } }
    }
  )

  app.get(
    '/api/channels/:name/delivery',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'waitForDelivery',
        summary: 'Wait until all earlier messages of a channel have arrived',
        description:
          'The request waits for local clients to read the messages, and for other proxies to accept them. Only those proxies know whether their own clients have read them.',
        params: nameParams,
        querystring: Type.Object({
          ...scopeQuery.properties,
          until: Type.Optional(
            Type.Enum(['sent', 'read'], {
              description:
                '"sent": the messages have left this process. "read", the default: local clients have read them, and other proxies have accepted them.'
            })
          ),
          waitMs: waitQuery('Time to wait, in milliseconds. Default: 10000.'),
          except: Type.Optional(
            Type.String({ maxLength: 64, description: 'Id of a local peer to leave out, such as the peer that asks.' })
          )
        }),
        response: { 200: deliverySchema, 404: errorSchema }
      }
    },
    async ({ params: { name }, query: { scope, until = 'read', waitMs = 10_000, except } }, reply) => {
      return await app.delivery.wait(findChannel(app, name, scope), { until, waitMs, except, gone: goneSignal(reply) })
    }
  )

  app.get(
    '/api/peers',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'listPeers',
        summary: 'List the peers of all channels',
        response: { 200: Type.Object({ peers: Type.Array(peerSchema) }) }
      }
    },
    async () => {
      const computer = computerViews(app)
      return { peers: channelRegistry.peers().map(peer => peerView(peer, apiShowNames, computer)) }
    }
  )
}

export default channelRoutes
