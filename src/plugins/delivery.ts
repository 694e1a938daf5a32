// Waits until the messages of a channel have arrived, as far as this proxy can know. The proxies of remote peers deliver the
// messages or end peers that are too slow; this proxy does not wait for that.
import { setImmediate as nextTurn } from 'node:timers/promises'
import fp from 'fastify-plugin'
import type { Channel } from '../core/hub/channel.ts'
import type { Peer } from '../core/hub/peer.ts'
import type { Session } from '../core/link/session/session.ts'
import type {} from './channel-registry/index.ts'
import type {} from './cluster/index.ts'
import type {} from './peer-mesh/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    delivery: Delivery
  }
}

/**
 * How far: `sent`: it has left this process; `read`: local clients have read it (their WebSockets have answered a ping behind
 * it) and the other proxies of the channel have taken it (they have acknowledged it).
 */
export type Until = 'sent' | 'read'

/** The goal of a wait, and its limits. */
export interface DeliveryOptions {
  readonly until: Until
  /** Milliseconds. */
  readonly waitMs: number
  /** Id of a local peer that does not count: the one that asks. */
  readonly except: string | undefined
  /** Aborts the wait. */
  readonly gone: AbortSignal
}

/** Receivers that still wait for a message, that left before they got it, and that the proxy or the network cut off before. */
export interface Outstanding {
  readonly waiting: number
  readonly left: number
  readonly cut: number
}

/** The result of a wait. */
export interface DeliveryResult {
  /** Local peers. */
  readonly peers: Outstanding
  /** Other proxies that share the channel. Until it is sent, the cluster counts as one. */
  readonly proxies: Outstanding
}

/** The decoration `delivery`. */
export interface Delivery {
  /** Waits for all earlier messages of the channel. Resolves when all receivers are done or gone, or the time is up. */
  wait(channel: Channel, options: DeliveryOptions): Promise<DeliveryResult>
}

/** Time between two looks at the queues, milliseconds. */
const LOOK_MS = 5

/** A receiver of the messages. */
interface Receiver {
  readonly kind: keyof DeliveryResult
  readonly isDone: () => boolean
  readonly isGone: () => boolean
  readonly wasCut: () => boolean
}

export default fp(
  async app => {
    const {
      peerMesh: { mesh },
      cluster
    } = app
    const closing = new AbortController()

    function localReceiver(peer: Peer, until: Until): Receiver {
      const { port } = peer
      let isRead = port?.whenRead === undefined
      if (until === 'read')
        port?.whenRead?.(() => {
          isRead = true
        })
      const isDone = until === 'read' ? () => isRead : () => (port?.outbox?.queuedBytes ?? 0) === 0
      return { kind: 'peers', isDone, isGone: () => !peer.joined, wasCut: () => peer.wasCut }
    }

    /** The proxy at the other end of a session. */
    function remoteReceiver(session: Session, until: Until): Receiver {
      const { traffic } = session
      let isTaken = false
      if (until === 'read')
        session.whenTaken(() => {
          isTaken = true
        })
      const isDone = until === 'read' ? () => isTaken : () => session.queuedBytes === 0
      return { kind: 'proxies', isDone, isGone: () => session.traffic !== traffic, wasCut: () => true }
    }

    function receiversOf(channel: Channel, { until, except }: DeliveryOptions): Receiver[] {
      const locals = [...channel.members()].filter(({ location, id }) => location === 'local' && id !== except)
      const all = locals.map(peer => localReceiver(peer, until))
      if (channel.scope === 'local' || channel.remoteCount === 0) return all
      for (const session of mesh.sessions())
        if (session.traffic.handles.of(channel.name) !== undefined) all.push(remoteReceiver(session, until))
      return all
    }

    /** Proxies of the cluster. */
    function clusterReceivers(channel: Channel, until: Until): { readonly all: Receiver[]; readonly end: () => void } {
      const none = { all: [], end: () => {} }
      if (cluster === undefined || channel.scope === 'local' || channel.remoteCount === 0) return none
      const common = { kind: 'proxies', wasCut: () => true } as const
      if (until === 'sent')
        return { ...none, all: [{ ...common, isDone: () => cluster.waitingBytes === 0, isGone: () => false }] }
      const begun = cluster.check(channel.name)
      if (begun === undefined) return none
      const { check, end } = begun
      const all = check.asked.map(session => ({
        ...common,
        isDone: () => check.stateOf(session) === 'answered',
        isGone: () => check.stateOf(session) === 'lost'
      }))
      return { all, end }
    }

    app.decorate('delivery', {
      async wait(channel, options) {
        await nextTurn() // Messages of this turn are written at its end.
        const inCluster = clusterReceivers(channel, options.until)
        let waiting = [...receiversOf(channel, options), ...inCluster.all]
        const gone: Receiver[] = []
        const end = performance.now() + options.waitMs
        for (;;) {
          waiting = waiting.filter(receiver => !receiver.isDone())
          gone.push(...waiting.filter(receiver => receiver.isGone()))
          waiting = waiting.filter(receiver => !gone.includes(receiver))
          if (waiting.length === 0 || performance.now() >= end || closing.signal.aborted || options.gone.aborted) break
          await new Promise(resolve => {
            setTimeout(resolve, LOOK_MS)
          })
        }
        inCluster.end()
        const outstanding = (kind: Receiver['kind']): Outstanding => {
          const of = (list: readonly Receiver[]): readonly Receiver[] => list.filter(receiver => receiver.kind === kind)
          const cut = of(gone).filter(receiver => receiver.wasCut()).length
          return { waiting: of(waiting).length, left: of(gone).length - cut, cut }
        }
        return { peers: outstanding('peers'), proxies: outstanding('proxies') }
      }
    })
    app.addHook('preClose', async () => closing.abort())
  },
  { name: 'nws-delivery', fastify: '5.x', dependencies: ['nws-channel-registry', 'nws-peer-mesh', 'nws-cluster'] }
)
