// The rendezvous as a decorator: takes sockets over from their routes, keeps them alive, administers users, says goodbye
// at shutdown. Not its rules (service.ts, core/bonevalue), not the upgrade (@fastify/websocket), not the routes.
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { iceServersFor, parseIceServers } from '../../../core/bonevalue/ice-servers.ts'
import type { RendezvousSeams } from '../../../core/bonevalue/seams.ts'
import { isRefusal, type User } from '../../../core/bonevalue/store.ts'
import { MAX_PEER_ID } from '../../../core/bonevalue/wire.ts'
import { NwsError } from '../../../core/errors.ts'
import { takeOver } from '../../../core/hub/client-socket.ts'
import { TurnQueue } from '../../../core/hub/turn-queue.ts'
import { readLoginCookies } from '../../../core/legacy/login-cookies.ts'
import { addressKey } from '../../../core/address-key.ts'
import { TokenBucket } from '../../../core/token-bucket.ts'
import type {} from '../../access-guard.ts'
import type {} from '../accounts/index.ts'
import type {} from '../../config.ts'
import type {} from '../../crypto/index.ts'
import type {} from '../../refusals.ts'
import type {} from '../../shutdown.ts'
import { createAdministration, type Administration } from './administration.ts'
import { RendezvousService, type Login } from './service.ts'
import { RendezvousSocket, type LoginMethod, type SocketContext } from './socket.ts'

export type { Administration } from './administration.ts'

declare module 'fastify' {
  interface FastifyInstance {
    rendezvous: Rendezvous
  }
}

/** What the plugin decorates an app with as `rendezvous`. */
export interface Rendezvous {
  readonly isOn: boolean
  /**
   * Brings parts of an extension in place of the built-in ones. Later calls add to earlier ones.
   *
   * @throws NwsError `NWS_ERR_BV_STARTED`
   */
  use(seams: RendezvousSeams): void
  /**
   * Looks at the cookies of a client of the first generation, before its upgrade.
   *
   * @throws NwsError `NWS_ERR_BV_ORIGIN`, `NWS_ERR_BV_LOGIN` and others of the login
   */
  logInByCookies(request: FastifyRequest, isKnownOrigin: boolean): Promise<void>
  /** Takes an upgraded socket. Owns it from here on. */
  accept(websocket: WebSocket, request: FastifyRequest): void
  /** Users and who is online, for the API. */
  readonly administration: Administration
  /** What is counted, for the metrics: nothing that names anybody. */
  readonly numbers: RendezvousNumbers
  /** Seams and rules behind it, once the app is ready. */
  readonly service: RendezvousService
}

/** What a rendezvous counts of its sockets; the rest is counted by its directory. */
export interface RendezvousNumbers {
  /** Sockets that have not logged in. */
  readonly unknown: number
  /** Bytes that wait for each socket. */
  queues(): Iterable<number>
  /** Logins that went well. */
  readonly logins: ReadonlyMap<LoginMethod, number>
}

/** Sockets that have not logged in: of one address (loopback is everybody here), and of all. */
const MAX_UNKNOWN = { perAddress: 64, loopback: 1024, all: 4096 } as const
/** Requests that write: at once, and per second after that, for each user. */
const WRITE_RATE = { burst: 30, perSecond: 2 } as const
/** Users whose rate is remembered. */
const MAX_RATES = 10_000
/** How many times between two pings all sockets are looked at. */
const CHECKS_PER_PING = 10
/** How often transports over their limit are looked at again, milliseconds. */
const STALL_CHECK_MS = 1000
/** Time for which presence rests after it was written: in a rush each socket is written to once a rest, not once a newcomer. */
const PRESENCE_REST_MS = 10
/** When closing handshakes have to be over at shutdown, as share of the whole shutdown's time; sockets of channels come after. */
const GOODBYE_SHARE = 0.3
const SECRET_BYTES = 16

/** Under which address the client has reached the proxy. The guard has looked at Host. */
function baseOf({ raw }: FastifyRequest): string {
  const encrypted = (raw.socket as { encrypted?: boolean }).encrypted === true
  return `${encrypted ? 'https' : 'http'}://${raw.headers.host ?? 'localhost'}`
}

export default fp<RendezvousSeams>(
  async (app, given) => {
    const { config, crypto, accounts } = app
    let seams: RendezvousSeams = { ...given }
    let made: RendezvousService | undefined
    const sockets = new Set<RendezvousSocket>()
    /** Those that have not logged in. */
    const unknown = new Set<RendezvousSocket>()
    const logins = new WeakMap<IncomingMessage, Login>()
    const loginCounts = new Map<LoginMethod, number>()
    const rates = new Map<number, TokenBucket>()
    const turns = new TurnQueue(
      app.channelRegistry.hub.turns.queues,
      run => setImmediate(run),
      run => setTimeout(run, PRESENCE_REST_MS)
    )
    const iceServers = parseIceServers(config.iceServers) ?? []
    let allClosed: (() => void) | undefined
    let closing = false
    const timers: NodeJS.Timeout[] = []

    const service = (): RendezvousService =>
      (made ??= new RendezvousService({
        accounts,
        seams,
        now: () => Date.now(),
        secret: () => Buffer.from(crypto.randomBytes(SECRET_BYTES)).toString('base64url'),
        hash: secret => createHash('sha256').update(secret).digest('base64url')
      }))

    function newPeerId(): number {
      for (;;) {
        const bits = Buffer.from(crypto.randomBytes(8)).readBigUInt64BE() >> 20n // 44 bits; those above the highest id are drawn again.
        const id = Number(bits)
        if (id > 0 && id <= MAX_PEER_ID && !service().directory.has(id)) return id
      }
    }

    function mayWrite({ id }: User): boolean {
      const now = performance.now()
      const rate = rates.get(id) ?? new TokenBucket(WRITE_RATE.perSecond, WRITE_RATE.burst, now)
      rates.delete(id)
      if (rates.size >= MAX_RATES) rates.delete(rates.keys().next().value ?? 0)
      rates.set(id, rate)
      return rate.take(1, now)
    }

    /** Whether an address has as many sockets that have not logged in as it may. */
    function isCrowded(address: string): boolean {
      if (unknown.size >= MAX_UNKNOWN.all) return true
      const { key, loopback } = addressKey(address)
      const limit = loopback ? MAX_UNKNOWN.loopback : MAX_UNKNOWN.perAddress
      if (unknown.size <= limit) return false // One of them is the new one.
      let count = 0
      for (const { source } of unknown) if (addressKey(source.address).key === key) count++
      return count > limit
    }

    const context: SocketContext = {
      get service() {
        return service()
      },
      settings: config,
      turns,
      now: () => performance.now(),
      peerId: newPeerId,
      iceServers: peerId =>
        iceServersFor(iceServers, String(peerId), Date.now(), (key, text) =>
          createHmac('sha1', key).update(text).digest('base64')
        ),
      report: error => app.log.error({ err: error }, 'a request of the rendezvous failed'),
      mayWrite,
      loggedIn: method => {
        loginCounts.set(method, (loginCounts.get(method) ?? 0) + 1)
      },
      refused: (kind, code) => app.refusals.add(kind, code),
      settled: socket => {
        unknown.delete(socket)
      },
      closed: socket => {
        sockets.delete(socket)
        if (sockets.size === 0) allClosed?.()
      }
    }

    app.decorate('rendezvous', {
      isOn: config.bv,
      use: more => {
        if (made !== undefined) throw new NwsError('NWS_ERR_BV_STARTED')
        seams = { ...seams, ...more }
      },
      logInByCookies: async (request, isKnownOrigin) => {
        const cookies = config.bvLegacyLogin ? readLoginCookies(request.headers.cookie ?? '') : undefined
        if (cookies === undefined) return
        if (!isKnownOrigin) throw new NwsError('NWS_ERR_BV_ORIGIN')
        const { socket } = request.raw
        const login = await service().logIn(cookies.name, cookies.password, {
          address: socket.remoteAddress ?? '',
          origin: request.headers.origin,
          isOpen: () => !socket.destroyed
        })
        if (isRefusal(login)) throw new NwsError(login.refusal)
        logins.set(request.raw, login)
      },
      accept: (websocket, request) => {
        const transport = request.raw.socket
        takeOver(websocket, transport)
        const login = logins.get(request.raw)
        const socket = new RendezvousSocket(
          websocket,
          transport,
          {
            address: transport.remoteAddress ?? '',
            origin: request.headers.origin,
            base: baseOf(request),
            login
          },
          context
        )
        sockets.add(socket)
        if (login === undefined) unknown.add(socket)
        if (closing) socket.end('NWS_ERR_SHUTTING_DOWN')
        else if (isCrowded(socket.source.address)) socket.end('NWS_ERR_BV_TOO_MANY')
      },
      administration: createAdministration(service, sockets),
      numbers: {
        get unknown() {
          return unknown.size
        },
        queues: () => Array.from(sockets, ({ queuedBytes }) => queuedBytes),
        logins: loginCounts
      },
      get service() {
        return service()
      }
    })

    app.addHook('onReady', async () => {
      if (!config.bv) return
      service() // From here on the seams are fixed.
      timers.push(
        setInterval(
          () => {
            const now = performance.now()
            for (const socket of sockets) socket.checkAlive(now)
          },
          Math.ceil(config.pingIntervalMs / CHECKS_PER_PING)
        ).unref()
      )
      timers.push(setInterval(() => turns.checkStalled(), STALL_CHECK_MS).unref())
    })

    app.addHook('preClose', async () => {
      closing = true
      for (const timer of timers) clearInterval(timer)
      if (made !== undefined) made.directory.isSilent = true
      for (const socket of sockets) socket.end('NWS_ERR_SHUTTING_DOWN')
      if (sockets.size === 0) return
      await new Promise<void>(resolve => {
        const deadline = setTimeout(() => {
          for (const socket of sockets) socket.terminate()
          resolve()
        }, app.shutdown.left(GOODBYE_SHARE))
        allClosed = () => {
          clearTimeout(deadline)
          resolve()
        }
      })
    })

    app.addHook('onClose', async () => {
      await seams.store?.close()
    })
  },
  {
    name: 'nws-rendezvous',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-shutdown', 'nws-crypto', 'nws-accounts', 'nws-channel-registry', 'nws-refusals']
  }
)
