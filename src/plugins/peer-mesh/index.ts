// The mesh of this proxy as a Fastify plugin: binds the listener, dials, and gives the links to whoever shows them.
// Wiring only: the protocol is in core/link, discovery is another plugin.
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { addressKey } from '../../core/address-key.ts'
import { fromBase32 } from '../../core/bytes.ts'
import { budgets, timings, type LinkTimings } from '../../core/link/constants.ts'
import { Dialer, dialTimings, type DialTimings } from '../../core/link/dialer.ts'
import type { Link } from '../../core/link/link.ts'
import type { LinkEnding, LinkOptions } from '../../core/link/link-interfaces.ts'
import { Mesh } from '../../core/link/mesh.ts'
import { SliceRunner } from '../../core/link/slice-runner.ts'
import { parsePeerAddress } from '../../core/peer-address.ts'
import { createRealClock } from '../../platform/real-clock.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../discovery/index.ts'
import { endpointText, ownAddresses, plainAddress } from './addresses.ts'
import { connect } from './connect.ts'
import { createMeshCarrier, remoteIdOf } from './mesh-carrier.ts'
import { createMeshListener } from './mesh-listener.ts'
import { attachLink, createWebSocketPort } from './websocket-port.ts'

declare module 'fastify' {
  interface FastifyInstance {
    peerMesh: PeerMesh
  }
}

/** A link as it is shown. */
export interface LinkView {
  readonly proxyId: string
  readonly address: string
  readonly role: 'initiator' | 'responder'
  readonly state: 'opening' | 'open'
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Names of the channels that both ends have proven to share: secrets. */
  readonly channels: readonly string[]
  readonly rttMs: number | undefined
  readonly messages: { readonly in: number; readonly out: number }
  readonly bytes: { readonly in: number; readonly out: number }
}

/** What the plugin decorates an app with as `peerMesh`. */
export interface PeerMesh {
  /** TCP port of the mesh listener; 0 while it does not listen. */
  readonly port: number
  /** Links that have not ended. */
  links(): LinkView[]
  /** The mesh itself, for tests and metrics. */
  readonly mesh: Mesh
  /** Tells of each link that opens from now on. */
  watch(opened: (link: Link) => void): void
  /** How links have ended so far: `<close code> <who closed>`, the code `none` where the connection just ended. */
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
      discovery,
      log
    } = app
    const times = { ...timings, ...options.linkTimings }
    /** What is known of a link besides itself. */
    const facts = new Map<Link, { readonly address: string; readonly own: string; readonly since: number }>()
    const endings = new Map<string, number>()
    /** Who is told of links that open. */
    const watchers: ((link: Link) => void)[] = []
    let port = 0
    let closing = false
    /** Gives up the dials that are under way. */
    const dials = new Set<() => void>()
    const report = (error: unknown) => log.error({ err: error }, 'the mesh made a mistake')
    const clock = createRealClock(report)

    const carrier = createMeshCarrier(hub, () => mesh)
    const mesh = new Mesh(
      {
        ownId: crypto.proxyId.bytes,
        primitives: crypto.link,
        clock,
        runner: new SliceRunner(clock, SLICE_MS, clock.soon),
        endOfTurn: clock.soon,
        random: crypto.random,
        timings: times,
        budgets,
        keyOf: name => crypto.channelKey(name)
      },
      {
        ...carrier.events,
        linkOpened: link => {
          opened.get(link)?.(link)
          for (const watcher of watchers) watcher(link)
          dialer.linkOpened(link)
          discovery.setLinked(remoteIdOf(link), true)
          log.debug({ proxy: remoteIdOf(link), role: link.role }, 'linked')
        },
        linkEnded: (link, ending) => ended(link, ending),
        matched: (link, name) =>
          log.debug({ proxy: remoteIdOf(link), channel: crypto.channelTag(name) }, 'channel matched'),
        duplicate: (duplicate, kept) => dialer.duplicate(duplicate, kept)
      }
    )

    function ended(link: Link, { code, by, truncated, reason }: LinkEnding): void {
      facts.delete(link)
      const kind = `${code ?? 'none'} ${by}`
      endings.set(kind, (endings.get(kind) ?? 0) + 1)
      dialer.linkEnded(link)
      if (link.session !== undefined) {
        const id = remoteIdOf(link)
        if (![...mesh.links].some(other => remoteIdOf(other) === id)) discovery.setLinked(id, false)
      }
      const entry = { proxy: remoteIdOf(link), role: link.role, code, by, truncated, reason }
      if (code === 1008 && by === 'us') log.warn(entry, 'a link was closed for security')
      else if (code === 1011 && by === 'us') log.error(entry, 'a link was closed by a mistake of this proxy')
      else log.debug(entry, 'link ended')
    }

    function start(websocket: WebSocket, socket: Socket, link: Omit<LinkOptions, 'port'>): Link {
      const made = mesh.connect({ ...link, port: createWebSocketPort(websocket, socket, link.role === 'R') })
      if (made.state !== 'over')
        facts.set(made, {
          address: endpointText(socket.remoteAddress, socket.remotePort),
          own: socket.localAddress ?? '',
          since: Date.now()
        })
      attachLink(websocket, made, report)
      return made
    }

    const dialer = new Dialer<Link>(
      crypto.proxyId.bytes,
      clock,
      { ...dialTimings, ...options.dialTimings },
      crypto.random,
      (request, outcome) => {
        const { host, dialledId } = request
        const giveUp = connect(host, request.port, times.handshakeMs, {
          open: (websocket, socket) => {
            dials.delete(giveUp)
            const link = start(websocket, socket, {
              role: 'I',
              address: addressKey(socket.remoteAddress ?? '').key,
              dialledId
            })
            websocket.once('close', () => outcome.ended())
            opened.set(link, made => outcome.opened(made))
          },
          failed: () => {
            dials.delete(giveUp)
            outcome.ended()
          }
        })
        dials.add(giveUp)
      }
    )
    /** Whom to tell when a dialled link reaches OPEN. */
    const opened = new WeakMap<Link, (link: Link) => void>()

    let watch: NodeJS.Timeout | undefined
    /** A link from an address that this machine has lost is dead, but TCP would not say so for a long time. */
    function probeStranded(): void {
      const own = ownAddresses()
      for (const [link, fact] of facts) if (link.state === 'open' && !own.has(plainAddress(fact.own))) link.probe()
    }

    const listener = createMeshListener({
      host: config.meshHost,
      port: config.meshPort,
      handshakeMs: times.handshakeMs,
      clock,
      budgets,
      accept: (websocket, socket, address) => {
        if (closing) websocket.terminate()
        else start(websocket, socket, { role: 'R', address })
      }
    })

    app.decorate('peerMesh', {
      get port() {
        return port
      },
      mesh,
      watch: opened => {
        watchers.push(opened)
      },
      endings,
      links: () =>
        [...mesh.links].map(link => ({
          proxyId: remoteIdOf(link),
          address: facts.get(link)?.address ?? '',
          role: link.role === 'I' ? ('initiator' as const) : ('responder' as const),
          state: link.state === 'open' ? ('open' as const) : ('opening' as const),
          since: facts.get(link)?.since ?? 0,
          channels: mesh.namesOn(link),
          rttMs: link.rttMs,
          messages: { ...link.traffic.messages },
          bytes: { ...link.bytes }
        }))
    })
    hub.attach(carrier)

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
    dependencies: ['nws-config', 'nws-crypto', 'nws-channel-registry', 'nws-discovery']
  }
)
