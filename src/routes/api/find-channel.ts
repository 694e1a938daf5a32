// The channel that a request of the API names.
import type { FastifyInstance } from 'fastify'
import { isChannelName, type Scope } from '../../core/channel-name.ts'
import { NwsError } from '../../core/errors.ts'
import type { Channel } from '../../core/hub/channel.ts'
import type {} from '../../plugins/channel-registry/index.ts'

/** @throws NwsError `NWS_ERR_CHANNEL_NAME`, `NWS_ERR_CHANNEL_NOT_FOUND` */
export function findChannel({ channelRegistry }: FastifyInstance, name: string, scope?: Scope): Channel {
  if (!isChannelName(name)) throw new NwsError('NWS_ERR_CHANNEL_NAME')
  const channel = channelRegistry.find(name, scope)
  if (channel === undefined) throw new NwsError('NWS_ERR_CHANNEL_NOT_FOUND')
  return channel
}
