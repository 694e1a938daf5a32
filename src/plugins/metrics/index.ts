// The numbers of this proxy for Prometheus. They are read from what the other plugins count anyway, at the moment they
// are asked for: nothing is measured on the way of a message but the time of one event-loop turn in sixteen, and that
// only from the first question on. Not the route, and no numbers of the plugins' own making.
import fp from 'fastify-plugin'
import type {} from '../channel-registry/index.ts'
import type {} from '../channel-sockets/index.ts'
import type {} from '../cluster/index.ts'
import type {} from '../http-peers/index.ts'
import type {} from '../peer-mesh/index.ts'
import type {} from '../refusals.ts'
import type {} from '../bonevalue/rendezvous/index.ts'
import type { Collector } from './collector.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

/** What the plugin decorates an app with as `metrics`. */
export interface Metrics {
  /** All numbers in the text format of Prometheus, and its media type. */
  read(): Promise<{ readonly type: string; readonly text: string }>
}

export default fp(
  async app => {
    let collector: Promise<Collector> | undefined
    /** Messages and bytes of channels that have been closed. */
    const past = { messages: 0, bytes: 0 }
    app.channelRegistry.addHook('channelClosed', ({ messages, bytes }) => {
      past.messages += messages
      past.bytes += bytes
    })
    app.decorate('metrics', {
      read: async () => {
        // Loaded when it is needed: most proxies are never asked, and it would cost each start some milliseconds.
        collector ??= import('./collector.ts').then(({ createCollector }) => createCollector(app, past))
        return (await collector).read()
      }
    })
    app.addHook('onClose', async () => {
      if (collector !== undefined) (await collector).stop()
    })
  },
  {
    name: 'nws-metrics',
    fastify: '5.x',
    dependencies: [
      'nws-channel-registry',
      'nws-channel-sockets',
      'nws-cluster',
      'nws-http-peers',
      'nws-peer-mesh',
      'nws-refusals',
      'nws-rendezvous'
    ]
  }
)
