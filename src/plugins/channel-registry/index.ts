// The channels of this proxy as a decorator, for routes, carriers and extensions. The rules are in core/hub.
import fp from 'fastify-plugin'
import type { Scope } from '../../core/channel-name.ts'
import type { Channel } from '../../core/hub/channel.ts'
import { OriginLimits } from '../../core/hub/origin-limits.ts'
import type { Peer } from '../../core/hub/peer.ts'
import { Hub, type Hooks } from '../../core/hub/hub.ts'
import { QueueBudget } from '../../core/hub/queue-budget.ts'
import type { Settings } from '../../core/settings.ts'
import { EventLoopTurns } from '../../platform/event-loop-turns.ts'
import type { Crypto } from '../crypto/index.ts'
import { giveBackAfterPeaks } from '../../platform/give-back.ts'
import type {} from '../config.ts'
import { joinInProcess, type Membership, type MembershipOptions } from './membership.ts'

export type { Membership, MembershipOptions, ReceivedMessage } from './membership.ts'

declare module 'fastify' {
  interface FastifyInstance {
    channelRegistry: ChannelRegistry
  }
}

/** The decorator `channelRegistry`. */
export interface ChannelRegistry {
  /** The channels themselves, for carriers of remote peers and for peers with a port of their own. */
  readonly hub: Hub
  /**
   * Joins a channel from within the process.
   *
   * @throws NwsError as `Hub.addLocal`, or the error of a join hook
   */
  join(name: string, options?: MembershipOptions): Promise<Membership>
  /**
   * Adds a hook: `join` (may be async, refuses by an error with a `code`), `message` (synchronous, refuses by such an
   * error), `joined`, `leave`, `channelOpened`, `channelClosed`.
   */
  addHook<K extends keyof Hooks>(event: K, hook: Hooks[K][number]): void
  /** The open channel with that name. */
  find(name: string, scope?: Scope): Channel | undefined
  /** All open channels. */
  channels(): Channel[]
  /** All peers of all channels, local and remote. */
  peers(): Peer[]
  /** Reports the length of some turns of the event loop: milliseconds from the first message until everything is written. */
  watchTurns(observer: (ms: number) => void): void
}

/** One turn of this many is measured, because reading the clock costs time. */
const TURNS_PER_SAMPLE = 16

/** The registry without Fastify. */
function createChannelRegistry(
  settings: Settings,
  crypto: Crypto,
  report: (error: unknown) => void
): { api: ChannelRegistry; turns: EventLoopTurns } {
  let observer: ((ms: number) => void) | undefined
  let turn = 0
  const watched = (run: () => void): void => {
    const begun = performance.now()
    setImmediate(() => {
      run()
      observer?.(performance.now() - begun)
    })
  }
  const endTurn = (run: () => void): void => {
    if (observer !== undefined && ++turn % TURNS_PER_SAMPLE === 0) watched(run)
    else setImmediate(run)
  }
  const turns = new EventLoopTurns(new QueueBudget(settings.maxTotalQueuedBytes), endTurn)
  const hub = new Hub({
    turns,
    now: Date.now,
    channelTag: name => crypto.channelTag(name),
    peerId: () => crypto.peerId(),
    proxyId: crypto.proxyId.text,
    originLimits: new OriginLimits(settings, () => performance.now()),
    maxPeersPerChannel: settings.maxPeersPerChannel
  })
  return {
    turns,
    api: {
      hub,
      join: (name, options = {}) => joinInProcess(hub, name, options, report),
      addHook: (event, hook) => {
        // There is one array per event. The compiler cannot see that array and hook match.
        ;(hub.hooks[event] as (typeof hook)[]).push(hook)
      },
      find: (name, scope = 'network') => hub.find(name, scope),
      channels: () => [...hub.all()],
      peers: () => [...hub.all()].flatMap(channel => [...channel.members()]),
      watchTurns: observe => {
        observer = observe
      }
    }
  }
}

/** About what a client holds besides its queue, bytes. */
const PEER_BYTES = 32 * 1024

export default fp(
  async app => {
    const { api, turns } = createChannelRegistry(app.config, app.crypto, error =>
      app.log.error({ err: error }, 'a handler of an extension failed')
    )
    app.decorate('channelRegistry', api)
    let keepMemory = (): void => {}
    app.addHook('onReady', async () => {
      turns.start()
      keepMemory = giveBackAfterPeaks(
        () =>
          turns.queues.takeHighest() + api.channels().reduce((sum, { localCount }) => sum + localCount, 0) * PEER_BYTES
      )
    })
    app.addHook('preClose', async () => api.hub.close())
    app.addHook('onClose', async () => {
      turns.stop()
      keepMemory()
    })
  },
  { name: 'nws-channel-registry', fastify: '5.x', dependencies: ['nws-config', 'nws-crypto'] }
)
