// A guest of a proxy in this process, for tests: an invitation by the API, and the library's socket with its secret.
import { once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { guestWebSocket } from '../../src/client/guest/guest-web-socket.ts'
import type { WebSocketClass } from '../../src/client/connection.ts'
import { NetworkWebSocket } from '../../src/client/network-web-socket.ts'
import type { SocketOptions } from '../../src/client/channel-socket.ts'
import { buildTestApp } from './app.ts'

export interface Made {
  readonly id: string
  readonly url: string
  readonly urls: string[]
  readonly expiresAt: string
}

/** Settings of a proxy whose guests come over loopback. */
export const LOOPBACK = { guestHost: '127.0.0.1', guestPort: 0 } as const

/** A proxy whose guests come over loopback, and its API. */
export async function buildHost(t: Test, options: Parameters<typeof buildTestApp>[1] = {}) {
  const proxy = await buildTestApp(t, { ...LOOPBACK, ...options })
  const call = async (method: string, path: string, body?: object): Promise<{ status: number; json: unknown }> => {
    const response = await fetch(`${proxy.url}/api/invitations${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    })
    return { status: response.status, json: await response.json() }
  }
  const invite = async (channel: string, more: object = {}): Promise<Made> => {
    const { status, json } = await call('POST', '', { channel, ...more })
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(json)}`)
    return json as Made
  }
  return { ...proxy, call, invite }
}

/** Address and secret of a link. */
export function partsOf(url: string): { endpoint: string; secret: Uint8Array } {
  const { origin, hash } = new URL(url)
  return { endpoint: origin, secret: Buffer.from(hash.slice(1), 'base64url') }
}

/** The class of sockets on a page that has this link. */
export function guestClass(url: string, Socket = WebSocket as unknown as WebSocketClass): WebSocketClass {
  return guestWebSocket(partsOf(url).secret, Socket, () => {})
}

/** A socket of a page with this link. */
export function openGuest(t: Test, url: string, channel: string, options: SocketOptions = {}): NetworkWebSocket {
  const socket = new NetworkWebSocket(channel, {
    endpoint: partsOf(url).endpoint,
    WebSocket: guestClass(url),
    ...options
  })
  t.teardown(() => socket.close())
  return socket
}

/** The same, once it is open. */
export async function joinAsGuest(
  t: Test,
  url: string,
  channel: string,
  options: SocketOptions = {}
): Promise<NetworkWebSocket> {
  const socket = openGuest(t, url, channel, options)
  await Promise.race([
    once(socket, 'open'),
    once(socket, 'close').then(([{ code, reason }]) => {
      throw new Error(`closed: ${code} ${reason}`)
    })
  ])
  return socket
}
