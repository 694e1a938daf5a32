// The sockets of channels as a decorator: takes them from their routes and keeps them until they close. The rules of channels
// are in core/hub, the upgrade is in @fastify/websocket.
import type { Duplex } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { isChannelName, type Scope } from '../../core/channel-name.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { isLoopbackAddress } from '../../core/host-policy.ts'
import { takeOver, unfinishedMessages, type ClientTransport } from '../../core/hub/client-socket.ts'
import type { Peer } from '../../core/hub/peer.ts'
import { ClientSockets } from '../../platform/client-sockets.ts'
import { createRealClock } from '../../platform/real-clock.ts'
import type {} from '../access-guard.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../refusals.ts'
import type {} from '../shutdown.ts'
import { Connection, type ConnectionDeps, type ConnectionRequest } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { envelopeDialect } from './envelope.ts'
import { Faults } from './faults.ts'
import { ReadingPace } from './reading-pace.ts'
import { ResumableConnection } from './resumable-connection.ts'
import { takeBack } from './return.ts'
import { ClientWebSocket } from './web-socket.ts'

declare module 'fastify' {
  interface FastifyInstance {
    channelSockets: ChannelSockets
  }
}

/** The channel that a socket asks for, and how the client speaks. */
export interface SocketSeat {
  /** Name of the channel, as it stands in the URL. */
  readonly name: string
  readonly scope: Scope
  /** The envelope by default. */
  readonly dialect?: Dialect
}

/** A guest that has proven the secret of an invitation. */
export interface GuestSeat {
  readonly name: string
  readonly invitation: string
  readonly takesBinary: boolean
  /** `resume` of its query. */
  readonly resume: string | undefined
  /** The guest has left for good. Called once. */
  readonly left: () => void
}

/** The decorator `channelSockets`. */
export interface ChannelSockets {
  /** Why a socket cannot have a seat; the route asks before the upgrade. undefined: nothing is against it so far. */
  check(request: FastifyRequest, seat: SocketSeat): ErrorCode | undefined
  /** Gives an upgraded socket its seat after `check`. Owns the socket from here on. */
  accept(websocket: WebSocket, request: FastifyRequest, seat: SocketSeat): void
  /** Gives a guest its seat. Owns the stream, which carries the frames of a WebSocket, from here on. */
  acceptGuest(stream: Duplex, seat: GuestSeat): { readonly peer: Peer | undefined; end(code: ErrorCode): void }
  /** Lets a guest go on with a membership of its invitation that waits for it. Owns the stream from here on. */
  takeGuestBack(stream: Duplex, seat: Pick<GuestSeat, 'name' | 'invitation'>): void
  /** Faults that developers have switched on. */
  readonly faults: Faults
  /** Open sockets. */
  readonly size: number
  /** Bytes that wait for each open socket. */
  queues(): Iterable<number>
}

/** When closing handshakes have to be over, as share of the time for the shutdown. */
const GOODBYE_SHARE = 0.6

export default fp(
  async app => {
    const { config, channelRegistry, accessGuard, shutdown } = app
    const connections = new ClientSockets<Connection>()
    const faults = new Faults(
      connections,
      createRealClock(error => app.log.error({ err: error }, 'a fault for developers failed'))
    )
    channelRegistry.hub.turns.queues.addSource(() => unfinishedMessages(connections))

    const deps: ConnectionDeps = {
      hub: channelRegistry.hub,
      turns: channelRegistry.hub.turns,
      now: () => performance.now(),
      settings: config,
      report: error => app.log.error({ err: error }, 'a request of a peer failed'),
      log: (facts, event) => app.log.debug(facts, event),
      refused: (kind, code) => app.refusals.add(kind, code),
      joined: connection => faults.joined(connection),
      closed: connection => connections.delete(connection)
    }

    /** Connections to which their clients may come back, by token. */
    const waiting = new Map<string, { readonly connection: ResumableConnection; readonly place: string }>()
    const placeOf = (name: string, invitation = ''): string => `${name} ${invitation}`

    /** @param resume the wish of the client, milliseconds, from the query, and the most that it gets; undefined: none */
    function open(
      websocket: WebSocket,
      transport: ClientTransport,
      request: ConnectionRequest,
      resume: { wish: string; mostMs: number } | undefined
    ): Connection {
      let connection: Connection
      if (resume !== undefined && /^[1-9]\d{0,8}$/.test(resume.wish)) {
        const token = app.crypto.peerId()
        const resumable = new ResumableConnection(websocket, transport, request, deps, {
          token,
          forMs: Math.min(Number(resume.wish), resume.mostMs),
          over: () => waiting.delete(token)
        })
        waiting.set(token, { connection: resumable, place: placeOf(request.name, request.invitation) })
        connection = resumable
      } else {
        connection = new Connection(websocket, transport, request, deps)
      }
      connections.add(connection)
      connection.start()
      return connection
    }

    function takeReturning(
      websocket: WebSocket,
      transport: ClientTransport,
      place: string,
      checkToken: ((token: string) => ErrorCode | undefined) | undefined
    ): void {
      takeBack(websocket, transport, {
        find: token => {
          const found = waiting.get(token)
          return found?.place === place ? found.connection : undefined
        },
        checkToken,
        timeoutMs: config.authTimeoutMs,
        maxDataDepth: config.maxDataDepth,
        refused: code => app.refusals.add('socket', code)
      })
    }

    const check: ChannelSockets['check'] = (request, { name, dialect }) => {
      if (!isChannelName(name)) return 'NWS_ERR_CHANNEL_NAME'
      return dialect?.refusal?.(request.headers.origin, !accessGuard.mustAuthenticate(request))
    }

    const accept: ChannelSockets['accept'] = (websocket, request, { name, scope, dialect = envelopeDialect }) => {
      const transport = request.raw.socket
      const { remoteAddress = '' } = transport
      takeOver(websocket, transport)
      const checkToken = accessGuard.mustAuthenticate(request)
        ? (token: string) => accessGuard.checkToken(token, remoteAddress)
        : undefined
      const { binary, resume } = request.query as { binary?: string; resume?: string }
      const mayResume = dialect === envelopeDialect && scope === 'network' && binary === '1'
      if (mayResume && resume === 'back') return takeReturning(websocket, transport, placeOf(name), checkToken)
      open(
        websocket,
        transport,
        {
          name,
          scope,
          dialect,
          origin: request.headers.origin,
          from: isLoopbackAddress(remoteAddress) ? 'this machine' : 'another machine',
          takesBinary: binary === '1',
          checkToken
        },
        mayResume && resume !== undefined ? { wish: resume, mostMs: config.resumeMs } : undefined
      )
    }

    function guestSocket(stream: Duplex): WebSocket {
      const websocket = ClientWebSocket.over(stream, config.maxMessageBytes)
      takeOver(websocket, stream)
      return websocket
    }

    const acceptGuest: ChannelSockets['acceptGuest'] = (stream, { name, invitation, takesBinary, resume, left }) => {
      const websocket = guestSocket(stream)
      const connection = open(
        websocket,
        stream,
        {
          name,
          scope: 'network',
          dialect: envelopeDialect,
          origin: undefined,
          from: 'guest',
          takesBinary,
          invitation,
          pace: new ReadingPace(config.guestMessagesPerSecond, config.guestBytesPerSecond, performance.now()),
          left,
          checkToken: undefined
        },
        takesBinary && resume !== undefined ? { wish: resume, mostMs: config.guestResumeMs } : undefined
      )
      return {
        get peer() {
          return connection.member
        },
        end: code => connection.end(code)
      }
    }

    app.decorate('channelSockets', {
      check,
      accept,
      acceptGuest,
      takeGuestBack: (stream, { name, invitation }) =>
        takeReturning(guestSocket(stream), stream, placeOf(name, invitation), undefined),
      faults,
      get size() {
        return connections.size
      },
      queues: () => connections.queues()
    })

    app.addHook('onReady', async () => connections.start(config))
    app.addHook('preClose', async () => faults.close())
    app.addHook('preClose', async () => await connections.goodbye(shutdown.left(GOODBYE_SHARE)))
  },
  {
    name: 'nws-channel-sockets',
    fastify: '5.x',
    dependencies: ['nws-config', 'nws-access-guard', 'nws-channel-registry', 'nws-refusals', 'nws-shutdown']
  }
)
