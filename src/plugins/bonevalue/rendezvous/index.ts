// The rendezvous as a decorator: takes sockets from their routes and keeps them until they close. The rules are in
// service.ts, socket.ts and core/bonevalue.
import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { iceServersFor, parseIceServers } from '../../../core/bonevalue/ice-servers.ts'
import type { RendezvousSeams } from '../../../core/bonevalue/seams.ts'
import { Strangers } from '../../../core/bonevalue/strangers.ts'
import { MAX_PEER_ID } from '../../../core/bonevalue/wire.ts'
import { NwsError } from '../../../core/errors.ts'
import { forwardedClient } from '../../../core/forwarded.ts'
import { takeOver, unfinishedMessages, type WebSocket } from '../../../core/hub/client-socket.ts'
import { KeyedBuckets } from '../../../core/keyed-buckets.ts'
import { ClientSockets } from '../../../platform/client-sockets.ts'
import { EventLoopTurns } from '../../../platform/event-loop-turns.ts'
import type {} from '../../access-guard.ts'
import type {} from '../../config.ts'
import type {} from '../../refusals.ts'
import type {} from '../../shutdown.ts'
import type {} from '../accounts/index.ts'
import { createAdministration, type Administration } from './administration.ts'
import { CookieLogins } from './cookie-logins.ts'
import { peerIdOf } from './secrets.ts'
import { RendezvousService, type RendezvousDeps } from './service.ts'
import { RendezvousSocket, type LoginMethod, type RendezvousSocketDeps } from './socket.ts'

export type { Administration } from './administration.ts'
export type { Handout } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    rendezvous: Rendezvous
  }
}

/** The decorator `rendezvous`. */
export interface Rendezvous {
  readonly isOn: boolean
  /**
   * Replaces built-in parts by parts of an extension. Later calls add to earlier ones.
   *
   * @throws NwsError `NWS_ERR_BV_STARTED`
   */
  use(seams: RendezvousSeams): void
  /**
   * Logs a client of the first generation in by its cookies, before its upgrade.
   *
   * @throws NwsError `NWS_ERR_BV_ORIGIN`, `NWS_ERR_BV_LOGIN` and others of the login
   */
  logInByCookies(request: FastifyRequest, isKnownOrigin: boolean): Promise<void>
  /** Takes an upgraded socket, and owns it from here on. */
  accept(websocket: WebSocket, request: FastifyRequest): void
  /** Users and presence, for the API. */
  readonly administration: Administration
  /** Counts for the metrics. They name no user. */
  readonly numbers: RendezvousNumbers
  /** The rules, once the app is ready. */
  readonly service: RendezvousService
}

/** Counts of the sockets. The directory counts the rest. */
export interface RendezvousNumbers {
  /** Sockets that have not logged in. */
  readonly unknown: number
  /** Bytes that wait for each socket. */
  queues(): Iterable<number>
  /** Successful logins. */
  readonly logins: ReadonlyMap<LoginMethod, number>
}

/** Requests of a user that write to the store. */
const WRITE_RATE = { burst: 30, perSecond: 2 } as const
/** Users whose rate is remembered. */
const MAX_RATES = 10_000
/** When closing handshakes have to be over, as share of the time for the shutdown. Sockets of channels come after them. */
const GOODBYE_SHARE = 0.3

/** The address by which the client reaches the proxy. The guard has checked Host. @param isSecure what a proxy in front says */
function baseOf({ raw }: FastifyRequest, isSecure: boolean | undefined): string {
  const { origin, host } = raw.headers
  // A reverse proxy may speak TLS: then the browser knows the scheme, and this proxy does not.
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') === host) return origin
  const encrypted = isSecure ?? (raw.socket as { encrypted?: boolean }).encrypted === true
  return `${encrypted ? 'https' : 'http'}://${host ?? 'localhost'}`
}

function newPeerId(isTaken: (id: number) => boolean): number {
  for (;;) {
    const id = Number(randomBytes(8).readBigUInt64BE() >> 20n) // 44 bits; ids above the highest are drawn again.
    if (id > 0 && id <= MAX_PEER_ID && !isTaken(id)) return id
  }
}

export default fp<RendezvousSeams>(
  async (app, given) => {
    const { config, accounts } = app
    let seams: RendezvousSeams = { ...given }
    let made: RendezvousService | undefined
    const sockets = new ClientSockets<RendezvousSocket>()
    const endSockets: RendezvousDeps['endSockets'] = (userId, sessions, code) => {
      for (const socket of sockets)
        if (socket.peer?.user.id === userId && sessions?.has(socket.sessionId) !== false) socket.end(code)
    }
    const service = (): RendezvousService => (made ??= new RendezvousService({ accounts, seams, endSockets }))
    const strangers = new Strangers()
    const cookieLogins = new CookieLogins()
    const logins = new Map<LoginMethod, number>()
    const writes = new KeyedBuckets<number>(WRITE_RATE, MAX_RATES)
    const { queues } = app.channelRegistry.hub.turns
    queues.addSource(() => unfinishedMessages(sockets))
    const turns = new EventLoopTurns(queues)
    const clientOf = ({ headers, socket }: IncomingMessage) =>
      forwardedClient(headers, socket.remoteAddress ?? '', config.trustedProxies)
    const iceServers = parseIceServers(config.iceServers) ?? []

    const deps: RendezvousSocketDeps = {
      get service() {
        return service()
      },
      settings: config,
      turns,
      now: () => performance.now(),
      peerId: ({ id }, session, page) => {
        const { directory } = service()
        const own = page === undefined ? undefined : peerIdOf(session, page)
        const isFree = own !== undefined && (directory.get(own)?.user.id ?? id) === id
        return isFree ? own : newPeerId(taken => directory.get(taken) !== undefined)
      },
      iceServers: peerId =>
        iceServersFor(iceServers, String(peerId), Date.now(), (key, text) =>
          createHmac('sha1', key).update(text).digest('base64')
        ),
      report: error => app.log.error({ err: error }, 'a request of the rendezvous failed'),
      takeWrite: ({ id }) => writes.take(id, performance.now()),
      loggedIn: method => {
        logins.set(method, (logins.get(method) ?? 0) + 1)
      },
      refused: (kind, code) => app.refusals.add(kind, code),
      settled: socket => strangers.delete(socket),
      closed: socket => sockets.delete(socket)
    }

    app.decorate('rendezvous', {
      isOn: config.bv,
      use: more => {
        if (made !== undefined) throw new NwsError('NWS_ERR_BV_STARTED')
        seams = { ...seams, ...more }
      },
      logInByCookies: async ({ raw }, isKnownOrigin) => {
        if (config.bvLegacyLogin) await cookieLogins.begin(raw, clientOf(raw).address, isKnownOrigin, service())
      },
      accept: (websocket, request) => {
        const transport = request.raw.socket
        takeOver(websocket, transport)
        const login = cookieLogins.of(request.raw)
        const { address, isSecure } = clientOf(request.raw)
        const source = {
          address,
          origin: request.headers.origin,
          base: baseOf(request, isSecure),
          login
        }
        const socket = new RendezvousSocket(websocket, transport, source, deps)
        const isWelcome = login !== undefined || strangers.add(socket, source.address)
        sockets.add(socket)
        if (!isWelcome) socket.end('NWS_ERR_BV_TOO_MANY')
      },
      administration: createAdministration(service),
      numbers: {
        get unknown() {
          return strangers.size
        },
        queues: () => sockets.queues(),
        logins
      },
      get service() {
        return service()
      }
    })

    app.addHook('onReady', async () => {
      if (!config.bv) return
      service() // From here on the seams are fixed.
      // The operator hears of accounts that cannot be opened at the start, not from the first user.
      await service()
        .store()
        .catch((error: unknown) => app.log.error({ err: error }, 'the rendezvous cannot open its accounts'))
      sockets.start(config)
      turns.start()
    })

    app.addHook('preClose', async () => {
      turns.stop()
      if (made !== undefined) made.directory.isSilent = true
      await sockets.goodbye(app.shutdown.left(GOODBYE_SHARE))
    })

    app.addHook('onClose', async () => {
      await seams.store?.close()
    })
  },
  {
    name: 'nws-rendezvous',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-shutdown', 'nws-accounts', 'nws-channel-registry', 'nws-refusals']
  }
)
