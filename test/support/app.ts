// A proxy in this process, listening on a free port, for tests; and raw requests, so that a test decides every byte.
// The guard is always on: there is no switch for it.
import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'

/** A listening proxy. */
export interface TestApp {
  readonly app: FastifyInstance
  readonly port: number
  /** `http://localhost:<port>` */
  readonly url: string
  /** `ws://localhost:<port>` */
  readonly ws: string
  /** All that was logged so far, at every level, as it stands in the log. */
  readonly log: () => string
}

/** Starts a proxy that ends with the test. Closing takes a second at most. */
export async function buildTestApp(t: Test, options: Parameters<typeof buildApp>[0] = {}): Promise<TestApp> {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    }
  })
  const app = await buildApp(
    { port: 0, discovery: 'off', shutdownTimeoutMs: 1000, ...options },
    { level: 'trace', stream }
  )
  t.teardown(() => app.close())
  const port = await app.listener.listen()
  return { app, port, url: `http://localhost:${port}`, ws: `ws://localhost:${port}`, log: () => lines.join('') }
}

/** What came back on a raw connection. */
export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body as JSON; undefined if it is none. */
  readonly json:
    | ({ statusCode?: number; code?: string; error?: string; message?: string } & Record<string, unknown>)
    | undefined
  /** All bytes as they came. */
  readonly text: string
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const body = rest.join('\r\n\r\n')
  let json
  try {
    json = JSON.parse(body) as NonNullable<RawAnswer['json']>
  } catch {
    json = undefined
  }
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers: Object.fromEntries(
      lines.map(line => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
    ),
    body,
    json,
    text
  }
}

/** Opens a TCP connection. Errors are left to `close`. */
async function connectTo(port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host })
  socket.on('error', () => {})
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** Opens a TCP connection that ends with the test. */
export async function openSocket(t: Test, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = await connectTo(port, host)
  t.teardown(() => socket.destroy())
  return socket
}

/**
 * Sends bytes on a connection of their own and reads until the proxy closes it. The proxy has to: a connection that it
 * leaves open runs into the test's own time limit.
 */
export async function sendRaw(port: number, bytes: string | Buffer, host = '127.0.0.1'): Promise<RawAnswer> {
  const socket = await connectTo(port, host)
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(bytes)
  await closed
  return parseAnswer(Buffer.concat(chunks).toString('latin1'))
}

/** A raw request; `Host` and `Connection: close` are added unless given. A header may be given as list, or undefined to leave it out. */
export function requestBytes(
  port: number,
  method: string,
  target: string,
  headers: Record<string, string | string[] | undefined> = {},
  body = ''
): string {
  const all: Record<string, string | string[] | undefined> = {
    Host: `localhost:${port}`,
    Connection: 'close',
    ...headers
  }
  if (body !== '' && !('Content-Length' in all)) all['Content-Length'] = String(Buffer.byteLength(body))
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map(each => `${name}: ${each}\r\n`)
  )
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** Headers of a WebSocket handshake. */
export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=='
} as const

/** One raw request with its answer, on a connection of its own. */
export function request(
  port: number,
  method: string,
  target: string,
  headers: Record<string, string | string[] | undefined> = {},
  body = ''
): Promise<RawAnswer> {
  return sendRaw(port, requestBytes(port, method, target, headers, body))
}

/** Number of TCP connections that the proxy's servers hold. */
export function openConnections(app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  )
}
