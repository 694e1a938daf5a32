// How many connections a listener may hold. Without a limit, idle connections alone would take every open file of the
// process, and then nothing of the proxy works any more.
import type { Server as HttpServer } from 'node:http'
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import fp from 'fastify-plugin'
import { openFileLimit } from '../../platform/open-files.ts'
import type {} from '../config.ts'
import type {} from '../refusals.ts'
import { countRefusal, refuseSocket } from './answers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    connectionLimit: ConnectionLimit
  }
}

/** The decorator `connectionLimit`. */
export interface ConnectionLimit {
  /** Connections at once, of all watched servers together. */
  readonly max: number
  /** Holds one more server to the limit. The app's own server is held to it already. */
  watch(server: HttpServer): void
}

/** Options of the plugin. */
export interface ConnectionLimitOptions {
  /** Share of the open files that this listener may use; the rest is for other listeners, links, files and discovery. */
  readonly share: number
}

/** Open files that no client gets: libraries, the database, links to other proxies, sockets for discovery. */
const RESERVED_FILES = 96
/** A listener takes this many connections even if the system allows very few open files. */
const MIN_CONNECTIONS = 8
/** At most one warning in this time, milliseconds. */
const WARNING_REST_MS = 60_000

/** Requires the decorators `config` and `refusals`. */
export default fp<ConnectionLimitOptions>(
  async (app, { share }) => {
    const available = Math.max(0, openFileLimit() - RESERVED_FILES) * share
    const max = Math.max(MIN_CONNECTIONS, Math.floor(Math.min(app.config.maxConnections, available)))
    let open = 0
    let warnedAt = -Infinity

    function refuse(server: Server, socket: Socket): void {
      countRefusal(app, 'NWS_ERR_TOO_MANY_CONNECTIONS')
      if (performance.now() - warnedAt > WARNING_REST_MS) {
        warnedAt = performance.now()
        app.log.warn({ max }, 'connections are refused: as many as allowed are open')
      }
      if (server instanceof TlsServer) socket.destroy()
      else refuseSocket(socket, 'NWS_ERR_TOO_MANY_CONNECTIONS')
    }

    function watch(server: Server): void {
      server.prependListener('connection', (socket: Socket) => {
        if (open >= max) {
          refuse(server, socket)
          return
        }
        open++
        socket.once('close', () => open--)
      })
    }

    watch(app.server)
    app.decorate('connectionLimit', { max, watch })
  },
  { name: 'nws-connection-limit', fastify: '5.x', decorators: { fastify: ['config', 'refusals'] } }
)
