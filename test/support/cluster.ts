// A cluster in virtual time: real proxies' clusters with real cryptography around a broker in memory that loses, repeats
// and keeps what the test says. For the rules of core/cluster; the real broker is used by test/integration.
import sodium, { ready } from 'libsodium-wrappers-sumo'
import { Cluster } from '../../src/core/cluster/cluster.ts'
import { clusterTimings } from '../../src/core/cluster/constants.ts'
import type { RemoteSession } from '../../src/core/cluster/sessions.ts'
import { createClusterPrimitives } from '../../src/plugins/cluster/primitives.ts'
import { createLinkPrimitives } from '../../src/plugins/crypto/primitives.ts'
import { seededRandom } from './random.ts'

await ready
export const clusterPrimitives = createClusterPrimitives(createLinkPrimitives(sodium))

/** A day after 1970, in the middle of an epoch. */
const START = 20_000.5 * 86_400_000

/** The messages of the broker. */
export interface Carried {
  readonly from: number
  readonly subject: string
  readonly bytes: Uint8Array
}

/** One proxy. */
export interface SimulatedProxy {
  readonly cluster: Cluster
  /** `channel +id`, `channel -id`, `channel id:text`, `channel id>target:text`, in order. */
  readonly heard: string[]
  readonly met: RemoteSession[]
  /** Opens a channel with one peer, or adds one. */
  join(channel: string, id: string): void
  leave(channel: string, id: string): void
  say(channel: string, id: string, text: string | Buffer): void
  /** Whether the broker confirms its messages. */
  confirm: boolean
  /** Cuts it off from the broker: it knows, and publishes nothing. */
  cut(): void
  /** Cuts it off from the broker: it does not know, and its messages are not confirmed. */
  stall(): void
  /** Connects it again. */
  heal(): void
}

/** The whole. */
export interface SimulatedCluster {
  readonly carried: Carried[]
  add(options?: { secrets?: readonly Uint8Array[]; maxPayload?: number; timeOffset?: number }): SimulatedProxy
  /** Lets so many milliseconds pass, with all that happens in them. */
  run(ms: number): void
  /** Loses messages for which it returns true. */
  lose: (message: Carried) => boolean
  /** The broker loses everything for these. */
  loseAt: readonly SimulatedProxy[]
  /** Brings bytes to everybody who listens. */
  inject(subject: string, bytes: Uint8Array): void
}

/** Makes one; the seed decides about jitter. */
export function createSimulatedCluster(secret: Uint8Array, seed = 1): SimulatedCluster {
  let now = 0
  let timers: { at: number; order: number; run: () => void }[] = []
  let order = 0
  const random = seededRandom(seed)
  const carried: Carried[] = []
  const listeners = new Map<string, Set<(bytes: Uint8Array) => void>>()
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: now + ms, order: ++order, run }
    timers.push(timer)
    return () => {
      timers = timers.filter(other => other !== timer)
    }
  }
  const whole: SimulatedCluster = {
    carried,
    lose: () => false,
    loseAt: [],
    inject: (subject, bytes) => {
      for (const listener of listeners.get(subject) ?? []) listener(bytes)
    },
    run: ms => {
      const end = now + ms
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
        if (next === undefined) break
        timers = timers.filter(other => other !== next)
        now = Math.max(now, next.at)
        next.run()
      }
      now = end
    },
    add: ({ secrets = [secret], maxPayload = 1024 * 1024, timeOffset = 0 } = {}) => {
      const place = order
      const heard: string[] = []
      const met: RemoteSession[] = []
      const own = new Map<string, (bytes: Uint8Array) => void>()
      const open = new Map<string, Set<string>>()
      const sequences = new Map<string, number>()
      let isCut = false
      let isStalled = false
      const cluster: Cluster = new Cluster(
        {
          proxyId: clusterPrimitives.randomBytes(16),
          secrets,
          primitives: clusterPrimitives,
          clock: { now: () => now, after },
          time: () => START + now + timeOffset,
          endOfTurn: run => {
            after(0, run)
          },
          random,
          timings: clusterTimings,
          port: {
            get ready() {
              return !isCut
            },
            maxPayload,
            publish: (subject, bytes) => {
              if (bytes.length > maxPayload) throw new Error('larger than the broker takes')
              if (isStalled) return
              const message = { from: place, subject, bytes }
              carried.push(message)
              if (proxy.confirm) after(1, () => cluster.confirmed(1))
              if (whole.lose(message)) return
              for (const listener of listeners.get(subject) ?? [])
                if (listener !== own.get(subject)) after(1, () => listener(bytes))
            },
            subscribe: subject => {
              const listener = (bytes: Uint8Array) => {
                if (!isCut && !isStalled && !whole.loseAt.includes(proxy) && own.get(subject) === listener)
                  cluster.received(subject, bytes)
              }
              own.set(subject, listener)
              listeners.set(subject, (listeners.get(subject) ?? new Set()).add(listener))
              return () => {
                own.delete(subject)
                listeners.get(subject)?.delete(listener)
              }
            }
          }
        },
        {
          joined: (name, id) => heard.push(`${name} +${id}`),
          parted: (name, id) => heard.push(`${name} -${id}`),
          message: (name, { source, target, payload }) =>
            heard.push(
              `${name} ${source}${target === undefined ? '' : `>${target}`}:${payload.length > 60 ? `${payload.length} bytes` : Buffer.from(payload).toString()}`
            ),
          met: session => met.push(session),
          lost: () => {}
        }
      )
      const proxy: SimulatedProxy = {
        cluster,
        confirm: true,
        heard,
        met,
        join: (channel, id) => {
          if (!open.has(channel)) {
            open.set(channel, new Set())
            cluster.channelOpened(channel)
          }
          open.get(channel)!.add(id)
          cluster.localJoined(channel, id)
        },
        leave: (channel, id) => {
          cluster.localLeft(channel, id)
          open.get(channel)!.delete(id)
          if (open.get(channel)!.size > 0) return
          open.delete(channel)
          cluster.channelClosed(channel)
        },
        say: (channel, id, text) => {
          const seq = (sequences.get(id) ?? 0) + 1
          sequences.set(id, seq)
          const binary = typeof text !== 'string'
          cluster.broadcast(channel, {
            source: id,
            seq,
            binary,
            payload: binary ? text : Buffer.from(JSON.stringify(text))
          })
        },
        cut: () => {
          isCut = true
        },
        stall: () => {
          isStalled = true
        },
        heal: () => {
          isCut = false
          isStalled = false
          cluster.connected()
        }
      }
      cluster.start()
      cluster.connected()
      return proxy
    }
  }
  return whole
}
