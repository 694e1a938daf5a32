// `/api/channels` and `/api/peers`: what is open and who is there. Read only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isChannelName } from '../../core/channel-name.ts'
import { NwsError } from '../../core/errors.ts'
import type {} from '../../plugins/channel-registry/index.ts'
import type {} from '../../plugins/config.ts'
import { channelSchema, channelWithPeersSchema, errorSchema, nameParams, peerSchema, scopeQuery } from './schemas.ts'
import { channelView, peerView } from './views.ts'

const channelRoutes: FastifyPluginAsyncTypebox = async app => {
  const { channelRegistry, config: { apiShowNames } } = app

  app.get('/api/channels', {
    config: { surface: 'control' },
    schema: { summary: 'Open channels', response: { 200: Type.Object({ channels: Type.Array(channelSchema) }) } }
  }, async () => ({ channels: channelRegistry.channels().map(channel => channelView(channel, apiShowNames)) }))

  app.get('/api/channels/:name', {
    config: { surface: 'control' },
    schema: { summary: 'One channel and its peers', params: nameParams, querystring: scopeQuery, response: { 200: channelWithPeersSchema, 404: errorSchema } }
  }, async ({ params: { name }, query: { scope } }) => {
    if (!isChannelName(name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
    const channel = channelRegistry.find(name, scope)
    if (channel === undefined) throw new NwsError('NWS_ERR_CHANNEL_NOT_FOUND')
    const view = channelView(channel, apiShowNames)
    return { ...view, peers: { ...view.peers, list: Array.from(channel.members(), peer => peerView(peer, apiShowNames)) } }
  })

  app.get('/api/peers', {
    config: { surface: 'control' },
    schema: { summary: 'Peers of all channels', response: { 200: Type.Object({ peers: Type.Array(peerSchema) }) } }
  }, async () => ({ peers: channelRegistry.peers().map(peer => peerView(peer, apiShowNames)) }))
}

export default channelRoutes
