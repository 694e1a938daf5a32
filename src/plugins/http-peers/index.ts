// Peers over HTTP as a decorator: publish requests and event streams.
import type { ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import type { Scope } from '../../core/channel-name.ts'
import type { PublishRequest } from '../../core/envelope.ts'
import { ClientSockets } from '../../platform/client-sockets.ts'
import { TurnPace } from '../../platform/turn-pace.ts'
import { unansweredConnections } from '../../platform/unanswered.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../refusals.ts'
import type {} from '../shutdown.ts'
import { EventStream } from './event-stream.ts'
import { publish, type PublishOptions, type PublishResult } from './publish.ts'

declare module 'fastify' {
  interface FastifyInstance {
    httpPeers: HttpPeers
  }
}

/** The decorator `httpPeers`. */
export interface HttpPeers {
  /** Sends one message. @throws see `publish` */
  publish(message: PublishRequest, options: Omit<PublishOptions, 'signal' | 'pace'>): Promise<PublishResult>
  /** Streams a channel into an empty response. @throws see `EventStream.open` */
  openEvents(
    response: ServerResponse,
    request: { name: string; scope: Scope; origin: string | undefined }
  ): Promise<void>
  /** Bytes that wait for each open stream. */
  queues(): Iterable<number>
}

/** When streams have to be over, as share of the time for the shutdown. */
const GOODBYE_SHARE = 0.7

/** How often the connections of streams are looked at while their clients may be silent. */
const CHECKS_PER_TIMEOUT = 4

export default fp(
  async app => {
    const { hub } = app.channelRegistry
    const { maxQueuedBytes, peerTimeoutMs, pingIntervalMs } = app.config
    const streams = new ClientSockets<EventStream>()
    const closing = new AbortController()
    const pace = new TurnPace()

    app.decorate('httpPeers', {
      publish: (message, options) => publish(hub, message, { ...options, signal: closing.signal, pace }),
      openEvents: async (response, request) => {
        const stream = await EventStream.open(response, request, {
          hub,
          maxQueuedBytes,
          keepAliveMs: pingIntervalMs,
          peerTimeoutMs,
          ended: code => app.refusals.add('socket', code)
        })
        response.once('close', () => streams.delete(stream))
        streams.add(stream)
      },
      queues: () => streams.queues()
    })

    let timer: NodeJS.Timeout | undefined
    async function checkAnswered(): Promise<void> {
      if (![...streams].some(({ connection }) => connection !== undefined)) return
      const unanswered = await unansweredConnections()
      for (const stream of streams) stream.checkAnswered(unanswered, performance.now())
    }

    app.addHook('onReady', async () => {
      streams.start(app.config)
      timer = setInterval(() => void checkAnswered(), peerTimeoutMs / CHECKS_PER_TIMEOUT).unref()
    })
    app.addHook('preClose', async () => {
      closing.abort()
      clearInterval(timer)
      await streams.goodbye(app.shutdown.left(GOODBYE_SHARE))
    })
  },
  {
    name: 'nws-http-peers',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-channel-registry', 'nws-refusals', 'nws-shutdown']
  }
)
