// Writes what happens in channels to the log, at the level debug: joins, leaves, channels. Channels appear by their tags.
// Sockets log their refusals and ends themselves (channel-sockets), links theirs (peer-mesh).
import fp from 'fastify-plugin'
import type {} from './channel-registry/index.ts'

export default fp(
  async app => {
    const { channelRegistry, log } = app
    channelRegistry.addHook('channelOpened', ({ tag, scope }) => log.debug({ channel: tag, scope }, 'channel opened'))
    channelRegistry.addHook('channelClosed', ({ tag, scope, openedAt, messages }) =>
      log.debug({ channel: tag, scope, ms: Date.now() - openedAt, messages }, 'channel closed')
    )
    channelRegistry.addHook('joined', ({ channel, location, dialect }) =>
      log.debug({ channel: channel.tag, location, dialect }, 'peer joined')
    )
    channelRegistry.addHook('leave', ({ channel, location, dialect, connectedAt }) =>
      log.debug({ channel: channel.tag, location, dialect, ms: Date.now() - connectedAt }, 'peer left')
    )
  },
  { name: 'nws-activity-log', fastify: '5.x', dependencies: ['nws-channel-registry'] }
)
