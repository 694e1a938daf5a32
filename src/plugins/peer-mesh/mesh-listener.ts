// The port that other proxies link to. Speaks the upgrade of a link and nothing else: no page, no API, no channel. What
// is said on the link is not known here.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { NwsError } from '../../core/errors.ts'
import { addressKey } from '../../core/address-key.ts'
import { ConnectionRate } from '../../core/link/connection-rate.ts'
import { MAX_MESSAGE_BYTES, type LinkBudgets } from '../../core/link/constants.ts'
import type { Clock } from '../../core/clock.ts'
import { LinkSlots } from '../../core/link/link-slots.ts'

export const LINK_PATH = '/nws2/link'
export const LINK_PROTOCOL = 'nws.link.2'

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const MAX_HEADER_BYTES = 8192
/** How often connections without a complete request are looked at, milliseconds. */
const CHECK_INTERVAL_MS = 500

/** What the listener is made of. */
export interface MeshListenerOptions {
  /** Address to listen on; empty: all of this machine. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Time for a complete upgrade request. */
  readonly handshakeMs: number
  readonly clock: Clock
  readonly budgets: LinkBudgets
  /** A remote has upgraded; it counts as `address` (core/address-key.ts). Handlers must be attached at once. */
  readonly accept: (websocket: WebSocket, socket: Socket, address: string) => void
}

/** A listening port. */
export interface MeshListener {
  /** Binds. @returns the port @throws NwsError `NWS_ERR_LISTEN` with address and port */
  listen(): Promise<number>
  /** Takes nobody in any more and cuts who has not upgraded. Links are the mesh's to end. Idempotent. */
  close(): Promise<void>
}

/** A TCP connection that has not upgraded. */
interface Waiting {
  readonly socket: Socket
  readonly address: string
}

/** Whether a request is the upgrade of a link, to the letter (PROTOCOL §5.1). No browser may reach this port: no Origin. */
function isLinkUpgrade({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url === LINK_PATH &&
    headers.origin === undefined &&
    headers['sec-websocket-protocol'] === LINK_PROTOCOL &&
    headers['sec-websocket-version'] === '13'
  )
}

function refuse(socket: Duplex): void {
  socket.on('error', () => {})
  socket.end(NOT_FOUND, () => socket.destroy())
}

/** The listener of one proxy. */
export function createMeshListener(options: MeshListenerOptions): MeshListener {
  const { clock, budgets, handshakeMs } = options
  const rate = new ConnectionRate(clock)
  const places = new LinkSlots<Waiting>(budgets, ({ socket }) => socket.destroy())
  const waiting = new Map<Duplex, Waiting>()
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    autoPong: false, // Links have a PING of their own; answering others would be work without limit.
    handleProtocols: () => LINK_PROTOCOL
  })
  const server = createServer({
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, handshakeMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false
  })

  function forget(socket: Duplex): void {
    const entry = waiting.get(socket)
    waiting.delete(socket)
    if (entry !== undefined) places.removed(entry)
  }

  server.on('connection', socket => {
    const { key, loopback } = addressKey(socket.remoteAddress ?? '')
    if (!rate.take(key, loopback)) {
      socket.destroy()
      return
    }
    const entry = { socket, address: key }
    waiting.set(socket, entry)
    socket.once('close', () => forget(socket))
    places.connected(entry)
  })
  server.on('request', request => refuse(request.socket))
  server.on('upgrade', (request, socket, head) => {
    const address = waiting.get(socket)?.address
    if (address === undefined || !isLinkUpgrade(request)) {
      refuse(socket)
      return
    }
    // ws answers 400 to what is no handshake of a WebSocket; here that is 404 like everything else.
    websockets.once('wsClientError', () => refuse(socket))
    websockets.handleUpgrade(request, socket, head, websocket => {
      forget(socket)
      options.accept(websocket, socket as Socket, address)
    })
    websockets.removeAllListeners('wsClientError')
  })
  server.on('checkContinue', request => refuse(request.socket))
  server.on('connect', (_request, socket) => refuse(socket))
  server.on('clientError', (_error, socket) => socket.destroy())

  return {
    listen: () => listen(server, options),
    close: async () => {
      for (const { socket } of waiting.values()) socket.destroy()
      if (!server.listening) return
      await new Promise(resolve => server.close(resolve))
    }
  }
}

async function listen(server: Server, { host, port }: MeshListenerOptions): Promise<number> {
  const attempt = async (address: string) =>
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true }, () => {
        // Under node:cluster, too, a mesh port is one proxy's.
        server.off('error', reject)
        resolve()
      })
    })
  try {
    await (host === '' ? attempt('::').catch(async () => await attempt('0.0.0.0')) : attempt(host))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new NwsError(
      'NWS_ERR_LISTEN',
      `The mesh cannot use ${host === '' ? 'any address' : host} with port ${port} (${code}). NWS_MESH_PORT and NWS_MESH_HOST choose another.`
    )
  }
  server.on('error', () => {}) // accept errors, such as too many open files, pass
  server.unref()
  return (server.address() as AddressInfo).port
}
