// The server and the provider of y-websocket, to compare ours with.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { docs, setupWSConnection } from '@y/websocket-server/utils'
import { WebSocket, WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import type * as Y from 'yjs'
import type { WebSocketClass } from '../../src/client/connection.ts'

export interface YServer {
  /** `ws://localhost:<port>` */
  readonly ws: string
}

/** Starts a server that ends with the test. */
export async function startYServer(t: Test): Promise<YServer> {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket, request) => setupWSConnection(socket, request))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(async () => {
    for (const client of server.clients) client.terminate()
    for (const doc of docs.values()) doc.destroy()
    docs.clear()
    server.close()
    http.close()
    await once(http, 'close')
  })
  return { ws: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` }
}

/** A provider of y-websocket, not connected yet. It uses its server alone. */
export function openYProvider(
  ws: string,
  room: string,
  doc: Y.Doc,
  Socket: WebSocketClass = WebSocket as unknown as WebSocketClass
): WebsocketProvider {
  return new WebsocketProvider(ws, room, doc, {
    connect: false,
    disableBc: true,
    // A timer of this length stays behind when it is destroyed.
    maxBackoffTime: 1,
    WebSocketPolyfill: Socket as typeof globalThis.WebSocket
  })
}
