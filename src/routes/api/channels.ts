// `/api/channels` and `/api/peers`: what is open, who is there, and whether they have heard all. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isChannelName } from '../../core/channel-name.ts'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/channel-registry/index.ts'
import type {} from '../../plugins/config.ts'
import type {} from '../../plugins/delivery.ts'
import { goneSignal } from './gone.ts'
import {
  channelSchema,
  channelWithPeersSchema,
  deliverySchema,
  errorSchema,
  nameParams,
  peerSchema,
  scopeQuery
} from './schemas.ts'
import { channelView, peerView } from './views.ts'

/** Longest time a request may wait. */
const MAX_WAIT_MS = 60_000

const channelRoutes: FastifyPluginAsyncTypebox = async app => {
  const {
    channelRegistry,
    config: { apiShowNames }
  } = app

  app.get(
    '/api/channels',
    {
      config: { surface: 'control' },
      schema: { summary: 'Open channels', response: { 200: Type.Object({ channels: Type.Array(channelSchema) }) } }
    },
    async () => ({ channels: channelRegistry.channels().map(channel => channelView(channel, apiShowNames)) })
  )

  app.get(
    '/api/channels/:name',
    {
      config: { surface: 'control' },
      schema: {
        summary: 'One channel and its peers',
        params: nameParams,
        querystring: scopeQuery,
        response: { 200: channelWithPeersSchema, 404: errorSchema }
      }
    },
    async ({ params: { name }, query: { scope } }) => {
      if (!isChannelName(name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
      const channel = channelRegistry.find(name, scope)
      if (channel === undefined) throw new NwsError('NWS_ERR_CHANNEL_NOT_FOUND')
      const view = channelView(channel, apiShowNames)
      return {
        ...view,
        peers: { ...view.peers, list: Array.from(channel.members(), peer => peerView(peer, apiShowNames)) }
      }
    }
  )

  app.get(
    '/api/channels/:name/delivery',
    {
      config: { surface: 'control' },
      schema: {
        summary: 'Wait until a channel has heard all that was said before',
        description:
          'Whether remote peers have read it is known to their own proxies only: what is waited for is that those have taken it.',
        params: nameParams,
        querystring: Type.Object({
          ...scopeQuery.properties,
          until: Type.Optional(
            Type.Enum(['sent', 'read'], {
              description:
                'How far: it has left this process; or (the default) local clients have read it and other proxies have taken it.'
            })
          ),
          waitMs: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: MAX_WAIT_MS,
              description: 'How long to wait: 10000 where nothing is said.'
            })
          ),
          except: Type.Optional(
            Type.String({ maxLength: 64, description: 'Id of a local peer that is not waited for: the one that asks.' })
          )
        }),
        response: { 200: deliverySchema, 404: errorSchema }
      }
    },
    async ({ params: { name }, query: { scope, until = 'read', waitMs = 10_000, except } }, reply) => {
      if (!isChannelName(name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
      const channel = channelRegistry.find(name, scope)
      if (channel === undefined) throw new NwsError('NWS_ERR_CHANNEL_NOT_FOUND')
      return await app.delivery.wait(channel, { until, waitMs, except, gone: goneSignal(reply) })
    }
  )

  app.get(
    '/api/peers',
    {
      config: { surface: 'control' },
      schema: { summary: 'Peers of all channels', response: { 200: Type.Object({ peers: Type.Array(peerSchema) }) } }
    },
    async () => ({ peers: channelRegistry.peers().map(peer => peerView(peer, apiShowNames)) })
  )
}

export default channelRoutes
