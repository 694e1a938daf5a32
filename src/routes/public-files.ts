// Sends files of public/: pages with a strict policy, and the client library, which other sites may load.
import type { IncomingMessage } from 'node:http'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { isLoopbackName } from '../core/host-policy.ts'
import { PUBLIC } from '../platform/package.ts'

/** A page may load and reach only this proxy, and no site may frame it. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
} as const

/** Whether browsers heed an opener policy. On other pages they ignore it, with a warning in their console. */
function isTrusted({ headers, socket }: IncomingMessage): boolean {
  return (
    (socket as { encrypted?: boolean }).encrypted === true ||
    headers['x-forwarded-proto'] === 'https' ||
    isLoopbackName(headers.host ?? '')
  )
}

/** Browsers load modules with CORS, and classic scripts without. */
const LIBRARY_HEADERS = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff'
} as const

/** Lets the replies of a scope send files of public/, with these headers. */
async function serveFiles(scope: FastifyInstance, headers: Readonly<Record<string, string>>): Promise<void> {
  await scope.register(fastifyStatic, {
    root: PUBLIC,
    serve: false,
    decorateReply: true,
    setHeaders: response => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    }
  })
}

/** Lets the replies of a scope send pages and their files. */
export async function servePages(scope: FastifyInstance): Promise<void> {
  scope.addHook('onRequest', (request, reply, done) => {
    if (isTrusted(request.raw)) void reply.header('cross-origin-opener-policy', 'same-origin')
    done()
  })
  await serveFiles(scope, PAGE_HEADERS)
}

/** Sends a page that was made for the request. */
export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  if (isTrusted(reply.request.raw)) void reply.header('cross-origin-opener-policy', 'same-origin')
  return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(html)
}

/** Lets the replies of a scope send files of the client library. */
export const serveLibrary = async (scope: FastifyInstance): Promise<void> => serveFiles(scope, LIBRARY_HEADERS)

/** @param file a name in `lib/`, without a folder */
export function sendLibraryFile(reply: FastifyReply, file: string): FastifyReply {
  reply.type(file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json; charset=utf-8') // RFC 9239
  return reply.sendFile(`lib/${file}`, { contentType: false })
}
