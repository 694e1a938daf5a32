// Metrics of this proxy for Prometheus, read from what other plugins count anyway. After the first request one turn of the
// event loop in 16 is measured; nothing else costs time while messages pass.
import fp from 'fastify-plugin'
import type {} from '../channel-registry/index.ts'
import type {} from '../channel-sockets/index.ts'
import type {} from '../cluster/index.ts'
import type {} from '../event-loop.ts'
import type {} from '../http-peers/index.ts'
import type {} from '../peer-mesh/index.ts'
import type {} from '../refusals.ts'
import type {} from '../bonevalue/rendezvous/index.ts'
import { createCollector, type Collector } from './collector.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

/** The decorator `metrics`. */
export interface Metrics {
  /** All metrics in the text format of Prometheus, and its media type. */
  read(): Promise<{ readonly type: string; readonly text: string }>
  /** Other processes share the port: `read` gives what `readAll` reads. @param join makes it from the text of this process */
  joinOthers(join: (own: () => Promise<string>) => () => Promise<string>): void
}

export default fp(
  async app => {
    let collector: Promise<Collector> | undefined
    /** Messages and bytes of closed channels. */
    const past = { messages: 0, bytes: 0 }
    app.channelRegistry.addHook('channelClosed', ({ messages, bytes }) => {
      past.messages += messages
      past.bytes += bytes
    })
    let readAll: (() => Promise<string>) | undefined
    const own = async (): Promise<{ type: string; text: string }> => {
      collector ??= createCollector(app, past)
      return (await collector)()
    }
    app.decorate('metrics', {
      read: async () => {
        const { type, text } = await own()
        return { type, text: readAll === undefined ? text : await readAll() }
      },
      joinOthers: join => {
        readAll = join(async () => (await own()).text)
      }
    })
  },
  {
    name: 'nws-metrics',
    fastify: '5.x',
    dependencies: [
      'nws-channel-registry',
      'nws-channel-sockets',
      'nws-cluster',
      'nws-event-loop',
      'nws-http-peers',
      'nws-peer-mesh',
      'nws-refusals',
      'nws-rendezvous'
    ]
  }
)
