// A server that says the words of a test: for messages that no proxy of this project sends, and for its failures.
// Knows nothing of the protocol but the answer to a status request.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'

/** A client's socket at the server. */
export interface FakeSocket {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  /** The next message of the client; binary ones as Buffer. */
  readonly next: () => Promise<string | Buffer>
  readonly send: (message: object | string | Buffer) => void
}

export interface FakeProxy {
  /** `ws://localhost:<port>` */
  readonly ws: string
  readonly port: number
  /** The next socket that a client opens. */
  readonly accept: () => Promise<FakeSocket>
}

/** Options of a fake proxy. */
export interface FakeProxyOptions {
  readonly port?: number
  /** Body of `/.well-known/nws`; null: 404. */
  readonly wellKnown?: string | null
  /** Whether status requests are answered by themselves, with the id `me`. Default true. */
  readonly answersStatus?: boolean
  /** Refuses upgrades with 403. */
  readonly refuses?: boolean
}

/** Listens on a port of 127.0.0.1 until the test ends. */
export async function startFakeProxy(
  t: Test,
  { port = 0, wellKnown = '{"nws":3}', answersStatus = true, refuses = false }: FakeProxyOptions = {}
): Promise<FakeProxy> {
  const http = createServer((request, response) => {
    if (request.url === '/.well-known/nws' && wellKnown !== null)
      response.setHeader('access-control-allow-origin', '*').end(wellKnown)
    else response.writeHead(404).end()
  })
  const server = new WebSocketServer({
    server: http,
    handleProtocols: offered => offered.values().next().value ?? false,
    verifyClient: () => !refuses
  })
  const sockets: FakeSocket[] = []
  const takers: ((socket: FakeSocket) => void)[] = []
  server.on('connection', (socket, request) => {
    const queue: (string | Buffer)[] = []
    const waiting: ((message: string | Buffer) => void)[] = []
    const send: FakeSocket['send'] = message =>
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
    socket.on('error', () => {})
    socket.on('message', (bytes: Buffer, isBinary) => {
      const message = isBinary ? bytes : bytes.toString()
      if (answersStatus && message === '{"action":"status"}')
        return send({ action: 'status', source: 'me', target: 'me' })
      const taker = waiting.shift()
      if (taker === undefined) queue.push(message)
      else taker(message)
    })
    const accepted: FakeSocket = {
      socket,
      request,
      send,
      next: async () =>
        queue.shift() ??
        (await new Promise(resolve => {
          waiting.push(resolve)
        }))
    }
    const taker = takers.shift()
    if (taker === undefined) sockets.push(accepted)
    else taker(accepted)
  })
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    http.closeAllConnections()
    http.close()
  })
  const bound = (http.address() as AddressInfo).port
  return {
    ws: `ws://localhost:${bound}`,
    port: bound,
    accept: async () =>
      sockets.shift() ??
      (await new Promise(resolve => {
        takers.push(resolve)
      }))
  }
}
