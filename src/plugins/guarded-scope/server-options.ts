// The options that a Fastify server needs for this proxy, and a check at the start that the server has them. A program that
// embeds the proxy may add its own.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { LogController, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { NwsError, type ErrorCode } from '../../core/errors.ts'
import { completeSettings } from '../../core/settings-check.ts'
import type { SettingsOptions } from '../../core/settings.ts'
import type {} from '../access-guard.ts'
import { countRefusal, endSocket, errorBody, isUpgrade, refuseSocket, sendError } from './answers.ts'

/** Longest parameter in a URL: 255 characters, percent-encoded. */
const MAX_PARAM_LENGTH = 765
/** Most bytes in the headers of a request. */
const MAX_HEADER_BYTES = 16 * 1024
/** Time between two checks of unfinished requests, milliseconds. */
const CHECK_INTERVAL_MS = 1000

/** A request for a log: its route, and not its URL, which has the name of the channel. */
export function requestSerializer({ method, routeOptions }: FastifyRequest): {
  method: string
  route: string | undefined
} {
  return { method, route: routeOptions?.url }
}

/** Log serializers for a scope whose app logs requests itself. */
export const logSerializers = { req: requestSerializer as never }

/** Marks an artificial request or error. The value is called if it arrives. */
const PROBE = Symbol('nws.probe')

interface Probe {
  [PROBE]?: () => void
}

/** Answers requests that the router cannot read. Hooks never run for them, so this asks the guard. */
export function frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const probed = (request.raw as Probe)[PROBE]
  if (probed !== undefined) return probed()
  const guard = request.server.accessGuard as FastifyInstance['accessGuard'] | undefined
  const code =
    guard?.check(request.raw, 'public') ??
    (error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'NWS_ERR_REQUEST_URL_TOO_LONG' : 'NWS_ERR_REQUEST_MALFORMED')
  // Hooks of @fastify/websocket do not run either, so the connection of a refused upgrade is ended here.
  if (isUpgrade(request)) reply.raw.once('finish', () => endSocket(request.raw.socket))
  void sendError(reply, errorBody(code))
}

const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'NWS_ERR_REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'NWS_ERR_REQUEST_HEADERS_TOO_LARGE'
}

/** Answered connections: the parser reports every further byte again. */
const answered = new WeakSet<Socket>()

/** Answers requests that are no HTTP, too slow or too large. */
export function clientErrorHandler(
  this: FastifyInstance | void,
  error: Error & { code?: string },
  socket: Socket
): void {
  const probed = (error as Probe)[PROBE]
  if (probed !== undefined) return probed()
  if (answered.has(socket) || socket.destroyed) return
  answered.add(socket)
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = PARSER_ERRORS[error.code ?? ''] ?? 'NWS_ERR_REQUEST_MALFORMED'
  countRefusal(this ?? {}, code)
  refuseSocket(socket, code)
}

/**
 * The options of a Fastify server for this proxy: `Fastify({ ...serverOptions(), … })`.
 *
 * @param options the settings for `networkWebSockets`. `handshakeTimeoutMs` and `maxMessageBytes` are used
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`
 */
export function serverOptions(options: SettingsOptions = {}) {
  const { handshakeTimeoutMs, maxMessageBytes } = completeSettings(options)
  return {
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    bodyLimit: maxMessageBytes,
    requestTimeout: handshakeTimeoutMs,
    http: {
      requestTimeout: handshakeTimeoutMs,
      headersTimeout: handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, Math.ceil(handshakeTimeoutMs / 2)),
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false, // The guard answers instead.
      // Java's HTTP client offers an upgrade to HTTP/2 with every request. Node has this option from 24.9 on.
      shouldUpgradeCallback: (request: IncomingMessage) => /^websocket$/i.test(request.headers.upgrade ?? '')
    },
    trustProxy: false,
    // During shutdown Fastify's 503 would bypass hooks and leave upgrades open. The scope of the routes has its own.
    return503OnClosing: false,
    // The log line of a request has the URL, and with it the name of the channel.
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors,
    clientErrorHandler
  }
}

/**
 * Checks that a server was created with the options above.
 *
 * @throws NwsError `NWS_ERR_CONFIG_SERVER_OPTION`, with the name of the first missing option
 */
export function verifyServerOptions(app: FastifyInstance): void {
  const { server, initialConfig } = app
  const missing = [
    [
      'routerOptions.maxParamLength',
      ((initialConfig as { routerOptions?: { maxParamLength?: number } }).routerOptions?.maxParamLength ?? 0) >=
        MAX_PARAM_LENGTH
    ],
    ['requestTimeout', server.requestTimeout > 0],
    ['http.headersTimeout', server.headersTimeout > 0 && server.headersTimeout <= server.requestTimeout],
    ['frameworkErrors', reachesFrameworkErrors(app)],
    ['clientErrorHandler', reachesClientErrorHandler(app)]
  ].find(([, present]) => present !== true)
  if (missing !== undefined)
    throw new NwsError(
      'NWS_ERR_CONFIG_SERVER_OPTION',
      `Missing: ${String(missing[0])}. Create it with Fastify({ ...serverOptions(), … }).`
    )
}

/** Sends the router a request that it cannot read, and finds the handler that gets it. Nothing is answered. */
function reachesFrameworkErrors(app: FastifyInstance): boolean {
  let reached = false
  const request = {
    method: 'GET',
    url: '/%E4',
    headers: {},
    [PROBE]: () => {
      reached = true
    }
  }
  const response = {
    setHeader: () => {},
    getHeader: () => undefined,
    writeHead: () => {},
    end: () => {},
    once: () => {},
    on: () => {}
  }
  try {
    app.routing(request as never, response as never)
  } catch {
    // A handler of another program may throw.
  }
  return reached
}

function reachesClientErrorHandler(app: FastifyInstance): boolean {
  let reached = false
  const error: Error & Probe = Object.assign(new Error('probe'), {
    [PROBE]: () => {
      reached = true
    }
  })
  app.server.emit('clientError', error, { destroyed: true, writable: false } as never)
  return reached
}
