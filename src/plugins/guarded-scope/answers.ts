// Refusals on the wire: Fastify's `{ statusCode, code, error, message }`, and nothing of the request.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { isLoopbackAddress } from '../../core/host-policy.ts'
import { catalogue, definitionOf, type ErrorCode } from '../../core/errors.ts'
import type { RefusalCounts } from '../../core/refusal-counts.ts'
import type {} from '../refusals.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Address of the page of errors, with an anchor for each code. Absent in other scopes. */
    errorPage?: string
  }
}

/** Body of every error. */
export interface ErrorBody {
  readonly statusCode: number
  readonly code: string
  readonly error: string
  readonly message: string
}

/** Headers that a status needs, or that say what to do. */
function headersFor(code: string, { raw }: FastifyReply): Readonly<Record<string, string>> {
  if (code === 'NWS_ERR_TOKEN_REQUIRED') return { 'www-authenticate': 'Bearer' }
  // RFC 9110 §15.5.22 and §7.8. Our own Connection header must not keep a connection open that Node closes.
  if (code === 'NWS_ERR_UPGRADE_REQUIRED' || code === 'NWS_ERR_BV_UPGRADE_REQUIRED')
    return { upgrade: 'websocket', connection: raw.shouldKeepAlive ? 'upgrade' : 'upgrade, close' }
  return {}
}

/** A client may read a refusal for this time, then its connection is cut. Milliseconds. */
const LINGER_MS = 1000

/** The body for a code of the catalogue. @param detail follows the sentence; never anything that the client sent */
export function errorBody(code: ErrorCode, detail = ''): ErrorBody {
  const { status, message } = definitionOf(code)
  return { statusCode: status, code, error: STATUS_CODES[status] ?? 'Error', message: message + detail }
}

/** Whether a request asked for an upgrade, even if the hook of @fastify/websocket has not run. */
export function isUpgrade({ ws, raw }: FastifyReply['request']): boolean {
  return ws || (raw as { upgrade?: boolean }).upgrade === true // Set by Node's parser.
}

/** Counts a refused request. A malformed request may meet a server without the plugin. */
export function countRefusal(app: { refusals?: RefusalCounts }, code: string): void {
  app.refusals?.add('request', code)
}

/** Sends an error. A refused upgrade ends its connection. */
export function sendError(
  reply: FastifyReply,
  body: ErrorBody,
  headers: Readonly<Record<string, string>> = {}
): FastifyReply {
  countRefusal(reply.server, body.code)
  const { remoteAddress = '' } = reply.request.raw.socket
  const from = isLoopbackAddress(remoteAddress) ? 'this machine' : 'another machine'
  const { method, routeOptions } = reply.request
  reply.request.log.debug({ code: body.code, method, route: routeOptions.url, from }, 'request refused')
  if (isUpgrade(reply.request)) reply.header('connection', 'close')
  const { errorPage } = reply.server
  // RFC 8288
  if (errorPage !== undefined && body.code in catalogue)
    reply.header('link', `<${errorPage}#${body.code.toLowerCase()}>; rel="help"`)
  return reply
    .code(body.statusCode)
    .headers({ 'x-content-type-options': 'nosniff', ...headersFor(body.code, reply), ...headers })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body))
}

/** Ends a connection: sends the rest, gives the client time to close, then cuts. */
export function endSocket(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.end()
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}

/** Answers a malformed request on its connection, and ends the connection. */
export function refuseSocket(socket: Socket, code: ErrorCode): void {
  const body = JSON.stringify(errorBody(code))
  const { status } = definitionOf(code)
  socket.on('error', () => socket.destroy())
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
  endSocket(socket)
}
