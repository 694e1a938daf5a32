// The sockets of clients: takes them over from their routes, keeps them alive, says goodbye at shutdown. Not the rules
// of channels (core/hub) and not the upgrade itself (@fastify/websocket).
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { isChannelName, type Scope } from '../../core/channel-name.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { takeOver } from '../../core/hub/client-socket.ts'
import { parseChosenNumber } from '../../core/peer-numbers.ts'
import type {} from '../access-guard.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import type {} from '../refusals.ts'
import type {} from '../shutdown.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { envelopeDialect } from './envelope.ts'
import { NumberedRooms } from './numbered-room.ts'
import type { Half } from './numbered-session.ts'
import { NumberedControl, NumberedData } from './numbered.ts'
import { createRawDialect } from './raw.ts'

declare module 'fastify' {
  interface FastifyInstance {
    channelSockets: ChannelSockets
  }
}

/** What a socket wants to be: a peer of a channel that speaks in some way, or one half of such a peer. */
export interface SocketSeat {
  /** Name of the channel, as it stood in the URL. */
  readonly name: string
  readonly scope: Scope
  /** In which form: that of this generation, raw frames, or the two sockets of the second generation. */
  readonly speaks: 'envelope' | 'raw' | Half
  /** The id that a client of the second generation gives itself, as it stood in the URL. */
  readonly number?: string
}

/** What the plugin decorates an app with as `channelSockets`. */
export interface ChannelSockets {
  /** Why a socket cannot have a seat, asked before the upgrade; undefined: it can, as far as is known now. */
  check(request: FastifyRequest, seat: SocketSeat): ErrorCode | undefined
  /** Gives an upgraded socket its seat, for which `check` found nothing. Owns the socket from here on. */
  accept(websocket: WebSocket, request: FastifyRequest, seat: SocketSeat): void
  /** Open sockets. */
  readonly size: number
  /** Bytes that wait for each open socket. */
  queues(): Iterable<number>
}

/** How many times between two pings all sockets are looked at. */
const CHECKS_PER_PING = 10
/** When closing handshakes have to be over at shutdown, as share of the whole shutdown's time. */
const GOODBYE_SHARE = 0.6

export default fp(
  async app => {
    const { config, channelRegistry, accessGuard, crypto, shutdown } = app
    const rooms = new NumberedRooms(channelRegistry.hub, count => crypto.randomBytes(count), config.legacyPairTimeoutMs)
    const rawDialect = createRawDialect(config.legacyMarkers)
    const connections = new Set<Connection>()
    let allClosed: (() => void) | undefined
    let closing = false
    let timer: NodeJS.Timeout | undefined

    const context: ConnectionContext = {
      hub: channelRegistry.hub,
      turns: channelRegistry.hub.turns,
      now: () => performance.now(),
      settings: config,
      verifyToken: token => accessGuard.verifyToken(token),
      report: error => app.log.error({ err: error }, 'a request of a peer failed'),
      refused: (kind, code) => app.refusals.add(kind, code),
      closed: connection => {
        connections.delete(connection)
        if (connections.size === 0) allClosed?.()
      }
    }

    const check: ChannelSockets['check'] = (request, { name, scope, speaks, number }) => {
      if (!isChannelName(name)) return 'NWS_ERR_CHANNEL_NAME'
      if (speaks === 'envelope' || speaks === 'raw') return undefined
      const chosen = parseChosenNumber(number ?? '')
      if (chosen === undefined) return 'NWS_ERR_PEER_NUMBER'
      // Who has yet to prove the token is not told who is there.
      return accessGuard.mustAuthenticate(request)
        ? undefined
        : rooms.refuses({ name, scope, number: chosen, half: speaks }, request.headers.origin)
    }

    const dialectOf = ({ name, scope, speaks, number = '' }: SocketSeat, origin: string | undefined): Dialect => {
      if (speaks === 'envelope') return envelopeDialect
      if (speaks === 'raw') return rawDialect
      const seat = { name, scope, number: parseChosenNumber(number)!, half: speaks }
      return speaks === 'data' ? new NumberedData(rooms, seat, origin) : new NumberedControl(rooms, seat, origin)
    }

    const accept: ChannelSockets['accept'] = (websocket, request, seat) => {
      const transport = request.raw.socket
      takeOver(websocket, transport)
      const { origin } = request.headers
      const connection = new Connection(
        websocket,
        transport,
        {
          name: seat.name,
          scope: seat.scope,
          dialect: dialectOf(seat, origin),
          origin,
          takesBinary: (request.query as { binary?: unknown }).binary === '1',
          mustAuthenticate: accessGuard.mustAuthenticate(request)
        },
        context
      )
      connections.add(connection)
      if (closing) connection.end('NWS_ERR_SHUTTING_DOWN')
    }

    app.decorate('channelSockets', {
      check,
      accept,
      get size() {
        return connections.size
      },
      queues: () => Array.from(connections, ({ queuedBytes }) => queuedBytes)
    })

    app.addHook('onReady', async () => {
      // Looked at often, pinged seldom: each socket has its own moment, so that pings do not come in bursts.
      timer = setInterval(
        () => {
          const now = performance.now()
          for (const connection of connections) connection.checkAlive(now)
        },
        Math.ceil(config.pingIntervalMs / CHECKS_PER_PING)
      ).unref()
    })

    app.addHook('preClose', async () => {
      closing = true
      clearInterval(timer)
      for (const connection of connections) connection.end('NWS_ERR_SHUTTING_DOWN')
      if (connections.size === 0) return
      await new Promise<void>(resolve => {
        const deadline = setTimeout(() => {
          for (const connection of connections) connection.terminate()
          resolve()
        }, shutdown.left(GOODBYE_SHARE))
        allClosed = () => {
          clearTimeout(deadline)
          resolve()
        }
      })
    })
  },
  {
    name: 'nws-channel-sockets',
    fastify: '5.x',
    dependencies: [
      'nws-config',
      'nws-access-guard',
      'nws-channel-registry',
      'nws-crypto',
      'nws-refusals',
      'nws-shutdown'
    ]
  }
)
