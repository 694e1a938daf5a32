// Peers that speak HTTP: a publish request, an event stream. Not the routes, and not the channels.
import type { ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import type { Scope } from '../../core/channel-name.ts'
import type { PublishRequest } from '../../core/envelope.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../refusals.ts'
import { EventStream } from './event-stream.ts'
import { publish, type PublishOptions, type PublishResult } from './publish.ts'

declare module 'fastify' {
  interface FastifyInstance {
    httpPeers: HttpPeers
  }
}

/** What the plugin decorates an app with as `httpPeers`. */
export interface HttpPeers {
  /** Sends one message. @throws see `publish` */
  publish(message: PublishRequest, options: Omit<PublishOptions, 'signal'>): Promise<PublishResult>
  /** Streams a channel into a response that nothing has been written to. @throws see `EventStream.open` */
  openEvents(
    response: ServerResponse,
    request: { name: string; scope: Scope; origin: string | undefined }
  ): Promise<void>
  /** Bytes that wait for each open stream. */
  queues(): Iterable<number>
}

export default fp(
  async app => {
    const { hub } = app.channelRegistry
    const { maxQueuedBytes, pingIntervalMs } = app.config
    const streams = new Set<EventStream>()
    const closing = new AbortController()

    app.decorate('httpPeers', {
      publish: (message, options) => publish(hub, message, { ...options, signal: closing.signal }),
      openEvents: async (response, request) => {
        const stream = await EventStream.open(response, request, {
          hub,
          maxQueuedBytes,
          keepAliveMs: pingIntervalMs,
          ended: code => app.refusals.add('socket', code)
        })
        streams.add(stream)
        response.once('close', () => streams.delete(stream))
        if (closing.signal.aborted) stream.end('NWS_ERR_SHUTTING_DOWN')
      },
      queues: () => Array.from(streams, ({ queuedBytes }) => queuedBytes)
    })

    app.addHook('preClose', async () => {
      closing.abort()
      for (const stream of streams) stream.end('NWS_ERR_SHUTTING_DOWN')
    })
  },
  { name: 'nws-http-peers', fastify: '5.x', dependencies: ['nws-config', 'nws-channel-registry', 'nws-refusals'] }
)
