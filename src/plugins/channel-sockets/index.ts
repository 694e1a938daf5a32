// The sockets of clients: takes them over from their routes, keeps them alive, says goodbye at shutdown. Not the rules
// of channels (core/hub) and not the upgrade itself (@fastify/websocket).
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { Scope } from '../../core/channel-name.ts'
import type {} from '../access-guard.ts'
import type {} from '../channel-registry/index.ts'
import type {} from '../config.ts'
import { Connection } from './connection.ts'
import type { ConnectionContext } from './connection.ts'
import { envelopeDialect } from './envelope.ts'

declare module 'fastify' {
  interface FastifyInstance {
    channelSockets: ChannelSockets
  }
}

/** What the plugin decorates an app with as `channelSockets`. */
export interface ChannelSockets {
  /** Makes an upgraded socket a peer of a channel, speaking the envelope. Owns the socket from here on. */
  accept (websocket: WebSocket, request: FastifyRequest, name: string, scope: Scope): void
  /** Open sockets. */
  readonly size: number
}

/**
 * Lets go of the response that was made for the upgrade: it would keep the request with all its headers in memory for
 * as long as the socket lives.
 */
function releaseResponse (transport: Socket): void {
  const { _httpMessage: response } = transport as { _httpMessage?: ServerResponse | null }
  response?.detachSocket(transport)
}

/** How many times between two pings all sockets are looked at. */
const CHECKS_PER_PING = 10
/** Time that closing handshakes may take at shutdown, of the whole shutdown's time. */
const GOODBYE_SHARE = 0.6

export default fp(async app => {
  const { config, channelRegistry, accessGuard } = app
  const connections = new Set<Connection>()
  let allClosed: (() => void) | undefined
  let closing = false
  let timer: NodeJS.Timeout | undefined

  const context: ConnectionContext = {
    hub: channelRegistry.hub,
    settings: config,
    verifyToken: token => accessGuard.verifyToken(token),
    report: error => app.log.error({ err: error }, 'a request of a peer failed'),
    closed: connection => {
      connections.delete(connection)
      if (connections.size === 0) allClosed?.()
    }
  }

  const accept: ChannelSockets['accept'] = (websocket, request, name, scope) => {
    // What @fastify/websocket attached would keep the request and its reply alive as long as the socket.
    websocket.removeAllListeners('error')
    websocket.on('error', () => {}) // ws closes the socket itself, with the code that fits.
    const transport = request.raw.socket as Socket
    releaseResponse(transport)
    const connection = new Connection(websocket, transport, {
      name,
      scope,
      dialect: envelopeDialect,
      origin: request.headers.origin,
      takesBinary: (request.query as { binary?: unknown }).binary === '1',
      mustAuthenticate: accessGuard.mustAuthenticate(request)
    }, context)
    connections.add(connection)
    if (closing) connection.end('NWS_ERR_SHUTTING_DOWN')
  }

  app.decorate('channelSockets', { accept, get size () { return connections.size } })

  app.addHook('onReady', async () => {
    // Looked at often, pinged seldom: each socket has its own moment, so that pings do not come in bursts.
    timer = setInterval(() => {
      const now = performance.now()
      for (const connection of connections) connection.checkAlive(now)
    }, Math.ceil(config.pingIntervalMs / CHECKS_PER_PING)).unref()
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
      }, config.shutdownTimeoutMs * GOODBYE_SHARE)
      allClosed = () => {
        clearTimeout(deadline)
        resolve()
      }
    })
  })
}, { name: 'nws-channel-sockets', fastify: '5.x', dependencies: ['nws-config', 'nws-access-guard', 'nws-channel-registry'] })
