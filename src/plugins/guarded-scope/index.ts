// Puts a scope behind the guard (access-guard.ts) and gives its errors the form of this proxy. Routes and handlers of an app
// around the scope stay as they are.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { NwsError, type ErrorCode } from '../../core/errors.ts'
import type {} from '@fastify/websocket'
import { TurnPace } from '../../platform/turn-pace.ts'
import type { Surface } from '../access-guard.ts'
import { errorBody, sendError } from './answers.ts'
import { verifyServerOptions } from './server-options.ts'

/** Options of the plugin. */
export interface GuardedScopeOptions {
  /** This scope answers unknown addresses: it has a prefix, or the whole server. */
  readonly ownsNotFound: boolean
  /** The surface of routes that name none, and of unknown addresses. Default: `control`. */
  readonly defaultSurface?: Surface
  /** Address of the page of errors below the prefix. Absent: answers with an error have no link to it. */
  readonly errorPage?: string
}

/** Fastify's own errors, in ours. */
const FASTIFY_ERRORS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'NWS_ERR_REQUEST_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'NWS_ERR_REQUEST_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_TYPE: 'NWS_ERR_REQUEST_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'NWS_ERR_REQUEST_NOT_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'NWS_ERR_REQUEST_NOT_JSON'
}

/** Other errors by their status, such as those of static files. */
const STATUS_ERRORS: Readonly<Record<number, ErrorCode>> = {
  403: 'NWS_ERR_NOT_FOUND',
  404: 'NWS_ERR_NOT_FOUND',
  405: 'NWS_ERR_METHOD_NOT_ALLOWED',
  408: 'NWS_ERR_REQUEST_TIMEOUT',
  413: 'NWS_ERR_REQUEST_TOO_LARGE',
  414: 'NWS_ERR_REQUEST_URL_TOO_LONG',
  415: 'NWS_ERR_REQUEST_MEDIA_TYPE',
  431: 'NWS_ERR_REQUEST_HEADERS_TOO_LARGE'
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The place in a request that fails its schema, such as `querystring/scope`. Fields that the client invented are left out. */
function fieldOf({ validation, validationContext }: FastifyError): string {
  const [first] = validation ?? []
  const missing = first?.params['missingProperty']
  const path = `${validationContext ?? ''}${first?.instancePath ?? ''}${typeof missing === 'string' ? `/${missing}` : ''}`
  return /^[\w/.-]{1,100}$/.test(path) ? path : (validationContext ?? 'request')
}

/** Whether an extension made the error for the client, with a code of its own. */
function isCodedByExtension(error: FastifyError): boolean {
  return (
    typeof error.code === 'string' &&
    /^(?!FST_|ERR_|HPE_)[A-Z][A-Z0-9_]{0,99}$/.test(error.code) &&
    !('syscall' in error)
  )
}

/** The stream of a file reports this if the client has gone. It is no failure of the proxy. */
const CLIENT_LEFT = 'ERR_STREAM_PREMATURE_CLOSE'

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof NwsError) {
    // The detail is for the operator. Clients never get it.
    if (error.statusCode === 500) request.log.error({ code: error.code }, error.message)
    return sendError(reply, errorBody(error.code))
  }
  if (error.validation !== undefined)
    return sendError(reply, errorBody('NWS_ERR_REQUEST_INVALID', ` Field: ${fieldOf(error)}.`))
  const status =
    error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined
  if (isCodedByExtension(error)) {
    const statusCode = status ?? 403
    return sendError(reply, {
      statusCode,
      code: error.code,
      error: STATUS_CODES[statusCode] ?? 'Error',
      message: error.message
    })
  }
  if (status !== undefined)
    return sendError(
      reply,
      errorBody(FASTIFY_ERRORS[error.code] ?? STATUS_ERRORS[status] ?? 'NWS_ERR_REQUEST_MALFORMED')
    )
  if (error.code === CLIENT_LEFT) {
    request.log.debug('a client left before it had its answer')
    return sendError(reply, errorBody('NWS_ERR_INTERNAL'))
  }
  // The message of an unexpected error may quote the request, so the log gets its kind and its place only.
  const at = (error.stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .map(line => line.trim())
    .slice(0, 10)
  request.log.error({ err: { type: error.name, code: error.code, at } }, 'a request failed')
  return sendError(reply, errorBody('NWS_ERR_INTERNAL'))
}

/** Answers an address without a route: 405 if another method has one. */
function answerNotFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [url = '/'] = (request.raw.url ?? '/').split('?', 1)
  const has = (method: string): boolean => app.findRoute({ method, url }) !== null
  // A route may exist and find nothing, such as a file.
  const allowed = has(request.method) ? [] : METHODS.filter(has)
  if (allowed.length === 0) return sendError(reply, errorBody('NWS_ERR_NOT_FOUND'))
  return sendError(reply, errorBody('NWS_ERR_METHOD_NOT_ALLOWED'), { allow: allowed.join(', ') })
}

/** A header of every WebSocket handshake, RFC 6455 §4.2.1: 16 random bytes in base64. */
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** Subprotocols, RFC 6455 §4.1. */
const TOKENS = new RegExp(`^${TOKEN}(?:[ \\t]*,[ \\t]*${TOKEN})*$`)

/** Whether the client offers no subprotocols, or each once. ws would answer others in its own words. */
function areSubprotocols(offered: string | undefined): boolean {
  if (offered === undefined) return true
  const names = offered.split(',').map(name => name.trim())
  return TOKENS.test(offered) && new Set(names).size === names.length
}

/** The version of the WebSocket protocol, RFC 6455 §4.1. */
const WEBSOCKET_VERSION = '13'

/** The error if an upgrade cannot become a WebSocket. */
function checkUpgrade({ headers, method, raw, routeOptions }: FastifyRequest): ErrorCode | undefined {
  if (routeOptions.config.socket !== true) return 'NWS_ERR_UPGRADE_REFUSED'
  const fits =
    method === 'GET' &&
    (raw.httpVersionMajor > 1 || raw.httpVersionMinor > 0) && // RFC 6455 §4.2.1
    /^websocket$/i.test(headers.upgrade ?? '') &&
    headers['sec-websocket-version'] === WEBSOCKET_VERSION &&
    WEBSOCKET_KEY.test(headers['sec-websocket-key'] ?? '') &&
    areSubprotocols(headers['sec-websocket-protocol'])
  return fits ? undefined : 'NWS_ERR_REQUEST_MALFORMED'
}

/** Guards its scope. Register it before the routes. */
export default fp<GuardedScopeOptions>(
  async (scope, { ownsNotFound, defaultSurface = 'control', errorPage }) => {
    if (errorPage !== undefined) scope.decorate('errorPage', scope.prefix + errorPage)
    scope.addHook('onReady', async () => {
      verifyServerOptions(scope)
      // An upgrade behind an unanswered request could only wait for the answer. Node gives the connection away at the
      // upgrade, so nothing would ever end it.
      scope.server.prependListener('upgrade', (_request, socket: Socket & { _httpMessage?: unknown }) => {
        if (socket._httpMessage !== undefined && socket._httpMessage !== null) socket.destroy()
      })
      // Node would answer an unknown expectation without the guard. RFC 9110 §10.1.1 lets a server ignore it.
      if (scope.server.listenerCount('checkExpectation') === 0)
        scope.server.on('checkExpectation', (...args) => scope.routing(...args))
    })

    // Extensions declare WebSocket routes as @fastify/websocket wants them.
    scope.addHook('onRoute', route => {
      if (route.websocket === true || 'wsHandler' in route) route.config = { ...route.config, socket: true }
    })

    scope.addHook('onRequest', (request, reply, done) => {
      void reply.header('x-content-type-options', 'nosniff')
      // RFC 6455 §4.4: a client of another version learns which one is spoken here.
      if (request.ws && request.headers['sec-websocket-version'] !== WEBSOCKET_VERSION)
        void reply.header('sec-websocket-version', WEBSOCKET_VERSION)
      const { config } = request.routeOptions
      const { accessGuard } = scope
      let code: ErrorCode | undefined
      if (!request.ws) {
        code = accessGuard.check(request.raw, config.surface ?? defaultSurface)
      } else if (config.socket === true) {
        code =
          accessGuard.check(request.raw, config.upgradeSurface ?? config.surface ?? defaultSurface) ??
          checkUpgrade(request)
      } else {
        code = accessGuard.check(request.raw, 'public') ?? checkUpgrade(request)
      }
      done(code === undefined ? undefined : new NwsError(code))
    })

    const pace = new TurnPace()
    scope.addHook('onRequest', (_request, _reply, done) => pace.admit(done))

    // A form of another site can send text/plain without a preflight. So bodies are JSON or nothing.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))

    scope.setErrorHandler(answerError)
    if (ownsNotFound) scope.setNotFoundHandler((request, reply) => answerNotFound(scope, request, reply))
  },
  { name: 'nws-guarded-scope', fastify: '5.x', dependencies: ['nws-access-guard', '@fastify/websocket'] }
)
