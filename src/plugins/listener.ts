// Listens for the stand-alone proxy on 127.0.0.1 and ::1. It names both, because /etc/hosts may map `localhost` to other
// addresses. An app that embeds the proxy listens itself.
//
// Fastify has one server. The second one here forwards its events to the first, so that both answer alike.
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { NwsError } from '../core/errors.ts'
import type {} from './config.ts'
import type {} from './guarded-scope/connection-limit.ts'
import type {} from './shutdown.ts'

declare module 'fastify' {
  interface FastifyInstance {
    listener: Listener
  }
}

/** The decoration `listener`. */
export interface Listener {
  /**
   * Starts to listen; the app's `close` ends it.
   *
   * @returns the port, which is the same on both addresses
   * @throws NwsError `NWS_ERR_LISTEN` with address and port; then nothing is listened on
   */
  readonly listen: () => Promise<number>
}

/** Options of the plugin. */
export interface ListenerOptions {
  /** Options of node:http that the app's own server has. */
  readonly http: ServerOptions
}

const IPV4 = '127.0.0.1'
const IPV6 = '::1'
/** Tries to find a port that is free on both addresses. */
const ATTEMPTS = 10
/** Share of the time for the shutdown after which busy connections are cut. */
const PATIENCE_SHARE = 0.8

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error'

/** The error of a failed attempt to listen, with address and reason. */
function listenError(host: string, port: number, error: unknown): NwsError {
  const code = codeOf(error)
  const reason =
    code === 'EADDRINUSE'
      ? 'is in use by another program'
      : code === 'EACCES'
        ? 'may not be used by this user'
        : 'cannot be used'
  return new NwsError(
    'NWS_ERR_LISTEN',
    `${host.includes(':') ? `[${host}]` : host}:${port} ${reason} (${code}). NWS_PORT and NWS_HOST choose another.`
  )
}

/** Listens. @throws the error of Node.js */
async function bind(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: host === IPV6 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

/** The connections of both servers, and the answers that each still owes: closing must not wait, nor cut an answer off. */
class Connections {
  readonly #busy = new Map<Socket, number>()
  #closing = false

  watch(server: Server): void {
    server.on('connection', socket => {
      if (this.#closing) {
        socket.destroy()
        return
      }
      this.#busy.set(socket, 0)
      socket.once('close', () => this.#busy.delete(socket))
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#add(request.socket, 1)
      response.once('close', () => {
        this.#add(request.socket, -1)
        if (this.#closing) this.#cutIfIdle(request.socket)
      })
    })
    // The handler of an upgrade ends the connection. A server that closes has no handler any more.
    server.prependListener('upgrade', (_request, socket: Socket) => {
      this.#add(socket, 1)
      if (this.#closing) socket.destroy()
    })
  }

  /** Cuts each connection as soon as it owes no answer. */
  closeIdle(): void {
    this.#closing = true
    for (const socket of this.#busy.keys()) this.#cutIfIdle(socket)
  }

  closeAll(): void {
    for (const socket of this.#busy.keys()) socket.destroy()
  }

  #add(socket: Socket, change: number): void {
    const owed = this.#busy.get(socket)
    if (owed !== undefined) this.#busy.set(socket, owed + change)
  }

  #cutIfIdle(socket: Socket): void {
    if (this.#busy.get(socket) === 0) socket.destroySoon()
  }
}

/** The listener without its plugin. */
function createListener(
  app: FastifyInstance,
  http: ServerOptions
): Listener & { stop: () => void; stopped: () => Promise<void> } {
  const { host, port: wanted } = app.config
  const connections = new Connections()
  let second: Server | undefined
  let deadline: NodeJS.Timeout | undefined

  /** A server for which the app's server answers. */
  function createSecond(): Server {
    const server = createServer(http, (request, response) => app.routing(request, response))
    server.on('upgrade', (...args) => app.server.emit('upgrade', ...args))
    server.on('clientError', (...args) => app.server.emit('clientError', ...args))
    server.on('checkExpectation', (...args) => app.routing(...args))
    server.keepAliveTimeout = app.server.keepAliveTimeout
    connections.watch(server)
    app.connectionLimit.watch(server)
    return server
  }

  /** Binds ::1. @returns the port; undefined: this machine has no IPv6 */
  async function bindSecond(port: number): Promise<number | undefined> {
    const server = createSecond()
    try {
      const bound = await bind(server, IPV6, port)
      second = server
      return bound
    } catch (error) {
      if (!['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(codeOf(error))) throw listenError(IPV6, port, error)
      app.log.info(`no IPv6 on this machine: listening on ${IPV4} only`)
      return undefined
    }
  }

  /** Binds the app's own server. Fastify then runs its onListen hooks. */
  async function bindFirst(address: string, port: number): Promise<number> {
    try {
      await app.listen({ host: address, port, listenTextResolver: sentence })
    } catch (error) {
      throw error instanceof NwsError || (error as NodeJS.ErrnoException).syscall === undefined
        ? error
        : listenError(address, port, error)
    }
    return portOf(app.server)
  }

  function portOf(server: Server): number {
    return (server.address() as AddressInfo).port
  }

  /** The log line of the start. For a wildcard Fastify asks once for each address of this machine. */
  function sentence(url: string): string {
    return `Network Web Sockets is running: ${url.replace(`//${IPV4}:`, '//localhost:')}`
  }

  /** Binds both addresses to one port. The second server comes first, because the app's server can listen only once. */
  async function bindBoth(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const port = (await bindSecond(wanted)) ?? wanted
      try {
        return await bindFirst(IPV4, port)
      } catch (error) {
        second?.close()
        second = undefined
        if (wanted !== 0 || attempt === ATTEMPTS || !(error instanceof NwsError)) throw error
      }
    }
  }

  connections.watch(app.server)
  return {
    listen: async () => {
      await app.ready()
      return host === '' || host.toLowerCase() === 'localhost' ? bindBoth() : bindFirst(host, wanted)
    },
    stop: () => {
      deadline = setTimeout(() => connections.closeAll(), app.shutdown.left(PATIENCE_SHARE))
      second?.close()
      connections.closeIdle()
    },
    stopped: async () => {
      if (second?.listening === true) await new Promise(resolve => second?.close(resolve))
      clearTimeout(deadline)
    }
  }
}

/** Decorates the app with `listener`. Register it last: it stops listening after all goodbyes. */
export default fp<ListenerOptions>(
  async (app, { http }) => {
    const { listen, stop, stopped } = createListener(app, http)
    app.decorate('listener', { listen })
    app.addHook('preClose', async () => stop())
    app.addHook('onClose', async () => stopped())
  },
  { name: 'nws-listener', fastify: '5.x', dependencies: ['nws-config', 'nws-connection-limit', 'nws-shutdown'] }
)
