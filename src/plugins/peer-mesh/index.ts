// The mesh of this proxy as a Fastify plugin: binds the listener, dials, and gives the links to whoever shows them.
// Wiring only: the protocol is in core/link, discovery is another plugin.
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { addressKey } from '../../core/address-key.ts'
import { fromBase32 } from '../../core/bytes.ts'
import { SliceRunner } from '../../core/link/budget/slice-runner.ts'
import { budgets, timings, type LinkTimings } from '../../core/link/constants.ts'
import { Dialer, dialTimings, type DialTimings } from '../../core/link/session/dialer.ts'
import type { Link, LinkEnding, LinkOptions } from '../../core/link/session/link.ts'
import { Mesh } from '../../core/link/session/mesh.ts'
import type { Session } from '../../core/link/session/session.ts'
import { parsePeerAddress } from '../../core/peer-address.ts'
import { createRealClock } from '../../platform/real-clock.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../computer-name.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../discovery/index.ts'
import { endpointText, ownAddresses, plainAddress } from './addresses.ts'
import { connect } from './connect.ts'
import { createMeshCarrier, remoteIdOf } from './mesh-carrier.ts'
import { createMeshListener } from './mesh-listener.ts'
import { attachLink, createTcpPort } from './tcp-port.ts'

declare module 'fastify' {
  interface FastifyInstance {
    peerMesh: PeerMesh
  }
}

/** A session with another proxy as it is shown: what users call a link. */
export interface LinkView {
  readonly proxyId: string
  /** Of the other end of its link, or of the last one. */
  readonly address: string
  readonly role: 'initiator' | 'responder'
  /** `resuming`: the connection is lost and another one is being made; nothing is lost. */
  readonly state: 'open' | 'resuming'
  /** Milliseconds since the epoch. */
  readonly since: number
  /** How often another connection went on. */
  readonly resumptions: number
  /** Names of the channels that both ends have proven to share: secrets. */
  readonly channels: readonly string[]
  readonly rttMs: number | undefined
  readonly messages: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
}

/** The decoration `peerMesh`. */
export interface PeerMesh {
  /** TCP port of the mesh listener; 0 while it does not listen. */
  readonly port: number
  /** Sessions with other proxies. */
  links(): LinkView[]
  /** The names of computers that share a channel with this one, as they say, by the ids of their proxies. */
  names(): ReadonlyMap<string, string>
  /** The mesh itself, for tests and metrics. */
  readonly mesh: Mesh
  /** How links have ended so far: `<close code> <who closed>`, the code `none` if the connection just ended. */
  readonly endings: ReadonlyMap<string, number>
}

/** Options of the plugin, for tests: times that the protocol fixes otherwise. */
export interface PeerMeshOptions {
  readonly linkTimings?: Partial<LinkTimings>
  readonly dialTimings?: Partial<DialTimings>
}

/** How often to look whether this machine has lost an address that links stand on. */
const OWN_ADDRESSES_MS = 2000

/** Own choice, well below the 10 ms that a slice may take. */
const SLICE_MS = 3

export default fp<PeerMeshOptions>(
  async (app, options) => {
    const {
      config,
      crypto,
      channelRegistry: { hub },
      computerName,
      discovery,
      log
    } = app
    const times = { ...timings, ...options.linkTimings }
    const dialTimes = { ...dialTimings, ...options.dialTimings }
    /** Facts about a link besides itself. */
    const facts = new WeakMap<Link, { readonly address: string; readonly own: string }>()
    /** The link that carries or carried each session. */
    const lastLinks = new WeakMap<Session, Link>()
    const endings = new Map<string, number>()
    /** Told when a dialled link reaches OPEN, and when it ends. */
    const opened = new WeakMap<Link, (remoteId: Uint8Array) => void>()
    let port = 0
    let closing = false
    /** Gives up the dials that are under way. */
    const dials = new Set<() => void>()
    const report = (error: unknown) => log.error({ err: error }, 'the mesh made a mistake')
    const clock = createRealClock(report)

    const carrier = createMeshCarrier(hub, () => mesh, config.discovery || config.peers.length > 0)
    const mesh = new Mesh(
      {
        identity: crypto.identity,
        listenPort: () => port,
        computerName: () => computerName.value,
        primitives: crypto.link,
        clock,
        runner: new SliceRunner(clock, SLICE_MS, clock.soon),
        endOfTurn: clock.soon,
        time: Date.now,
        random: crypto.random,
        timings: times,
        budgets,
        keyOf: name => crypto.channelKey(name)
      },
      {
        ...carrier.events,
        linkOpened: link => opened.get(link)?.(link.terms!.remoteId),
        linkEnded: (link, ending) => ended(link, ending),
        linked: (session, link) => {
          lastLinks.set(session, link)
          dialer.linked(session.remoteId)
          discovery.setLinked(remoteIdOf(session), true)
          log.debug({ proxy: remoteIdOf(session), role: link.role, resumptions: session.resumptions }, 'linked')
        },
        waiting: session => {
          log.debug({ proxy: remoteIdOf(session) }, 'the session waits for a link')
          dialer.resume(session.remoteId, session.endpoint)
        },
        ended: session => {
          discovery.setLinked(remoteIdOf(session), false)
          dialer.over(session.remoteId)
          log.debug({ proxy: remoteIdOf(session) }, 'the session is over')
        },
        roundEnded: ({ session, role }, { channels, confirmed, ms }) =>
          log.debug(
            { proxy: session && remoteIdOf(session), role, channels, confirmed, ms: Math.round(ms) },
            'round ended'
          ),
        matched: (session, name) =>
          log.debug({ proxy: remoteIdOf(session), channel: crypto.channelTag(name) }, 'channel matched')
      }
    )

    function ended(link: Link, { code, by, truncated, reason }: LinkEnding): void {
      const kind = `${code ?? 'none'} ${by}`
      endings.set(kind, (endings.get(kind) ?? 0) + 1)
      const proxy = link.session === undefined ? '' : remoteIdOf(link.session)
      const entry = { proxy, role: link.role, code, by, truncated, reason }
      if (code === 1008 && by === 'us') log.warn(entry, 'a link was closed for security')
      else if (code === 1011 && by === 'us') log.error(entry, 'a link was closed by a mistake of this proxy')
      else log.debug(entry, 'link ended')
    }

    function start(socket: Socket, options: Omit<LinkOptions, 'port'>): Link {
      const link = mesh.connect({ ...options, port: createTcpPort(socket) })
      facts.set(link, {
        address: endpointText(socket.remoteAddress, socket.remotePort),
        own: socket.localAddress ?? ''
      })
      attachLink(socket, link, report)
      return link
    }

    const dialer = new Dialer({
      ownId: crypto.proxyId.bytes,
      clock,
      timings: dialTimes,
      random: crypto.random,
      lost: id => mesh.gone(id),
      dial: ({ host, port, dialledId }, outcome) => {
        const giveUp = connect(host, port, dialTimes.connectMs, {
          open: socket => {
            dials.delete(giveUp)
            const { key } = addressKey(socket.remoteAddress ?? '')
            const link = start(socket, { role: 'I', address: key, endpoint: { host, port }, dialledId })
            opened.set(link, remoteId => outcome.opened(remoteId))
            socket.once('close', () => outcome.ended(false))
          },
          failed: refused => {
            dials.delete(giveUp)
            outcome.ended(refused)
          }
        })
        dials.add(giveUp)
      }
    })

    let watch: NodeJS.Timeout | undefined
    /** A link from an address that this machine has lost is dead, but TCP would not say so for a long time. */
    function probeStranded(): void {
      const own = ownAddresses()
      for (const { link } of mesh.sessions())
        if (link !== undefined && !own.has(plainAddress(facts.get(link)?.own ?? ''))) link.probe()
    }

    const listener = createMeshListener({
      host: config.meshHost,
      port: config.meshPort,
      clock,
      accept: (socket, address) => {
        const host = socket.remoteAddress
        if (closing || host === undefined) socket.destroy()
        else start(socket, { role: 'R', address, endpoint: { host, port: 0 } })
      }
    })

    app.decorate('peerMesh', {
      get port() {
        return port
      },
      mesh,
      endings,
      names: () => {
        const names = new Map<string, string>()
        for (const session of mesh.sessions()) {
          const { computerName } = session.traffic
          if (computerName !== undefined) names.set(remoteIdOf(session), computerName)
        }
        return names
      },
      links: () =>
        Array.from(mesh.sessions(), session => {
          const link = lastLinks.get(session)
          return {
            proxyId: remoteIdOf(session),
            address: link === undefined ? '' : (facts.get(link)?.address ?? ''),
            role: link?.role === 'I' ? ('initiator' as const) : ('responder' as const),
            state: session.state === 'open' ? ('open' as const) : ('resuming' as const),
            since: session.since,
            resumptions: session.resumptions,
            channels: [...session.traffic.handles.names()],
            rttMs: session.link?.rttMs,
            messages: { ...session.traffic.messages },
            bytes: session.bytes
          }
        })
    })
    hub.attach(carrier)
    computerName.subscribe(() => mesh.computerNamed())
    hub.turns.queues.addSource(() =>
      Array.from(mesh.sessions(), session => ({
        get queuedBytes() {
          return session.heldBytes
        },
        giveWay: () => {
          log.warn('too many bytes wait in all queues together, and those of a link are the most: its session ends')
          session.end()
        }
      }))
    )

    app.addHook('onReady', async () => {
      port = await listener.listen()
      for (const text of config.peers) {
        const { host, port } = parsePeerAddress(text)!
        dialer.addPeer(host, port)
      }
    })
    app.addHook('onListen', async () => {
      for (const remote of discovery.remotes.values()) dialer.found(remote)
      discovery.subscribe({
        found: remote => dialer.found(remote),
        updated: remote => {
          dialer.found(remote)
          // It may have left the address at which its link stands, which then says nothing any more.
          const id = fromBase32(remote.id)
          if (id !== undefined) mesh.probe(id)
        },
        lost: id => dialer.lost(id)
      })
      watch = setInterval(probeStranded, OWN_ADDRESSES_MS).unref()
      await discovery
        .start({ id: crypto.proxyId.text, port })
        .catch((error: unknown) => log.error({ err: error }, 'discovery could not be started'))
    })
    app.addHook('preClose', async () => {
      closing = true
      clearInterval(watch)
      dialer.stop()
      for (const giveUp of dials) giveUp()
      mesh.close()
      await discovery.stop()
    })
    app.addHook('onClose', async () => {
      port = 0
      await listener.close()
    })
  },
  {
    name: 'nws-peer-mesh',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-crypto', 'nws-channel-registry', 'nws-computer-name', 'nws-discovery']
  }
)
