// Guests who draw at the same time, for bench/guests.ts: `load/guests.ts <link> <guests> <messages per second>`. Prints a line
// when all are in, and draws until it is ended.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { WebSocketClass } from '../../src/client/connection.ts'
import { guestWebSocket } from '../../src/client/guest/guest-web-socket.ts'
import { NetworkWebSocket } from '../../src/client/network-web-socket.ts'

/** A message, as long as a line of the whiteboard. */
export interface Drawn {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly padding: string
}

/** Milliseconds since the epoch, the same in all processes, with fractions. */
export const now = (): number => performance.timeOrigin + performance.now()

/** Joins as a guest with a link. */
export async function joinAsGuest(link: string, channel: string): Promise<NetworkWebSocket> {
  const { hash, origin } = new URL(link)
  const secret = Buffer.from(hash.slice(1), 'base64url')
  const socket = new NetworkWebSocket(channel, {
    endpoint: origin,
    WebSocket: guestWebSocket(secret, WebSocket as unknown as WebSocketClass, () => {})
  })
  await once(socket, 'open')
  return socket
}

if (import.meta.url.endsWith(process.argv[1]!.split('/').slice(-2).join('/'))) {
  const [link = '', guests, perSecond] = process.argv.slice(2)
  const sockets = await Promise.all(Array.from({ length: Number(guests) }, () => joinAsGuest(link, 'bench')))
  const everyMs = 1000 / Number(perSecond)
  const padding = 'x'.repeat(80)
  for (const [i, socket] of sockets.entries()) {
    // By the clock: an interval would shift with each delay. A frame that was missed is not drawn later.
    const began = performance.now() + (i * everyMs) / sockets.length
    const draw = (): void => {
      socket.send(JSON.stringify({ at: now(), padding } satisfies Drawn))
      const since = performance.now() - began
      // Rounded up: a timer that is early would draw the same frame again.
      setTimeout(draw, Math.ceil((Math.floor(since / everyMs) + 1) * everyMs - since))
    }
    setTimeout(draw, began - performance.now())
  }
  process.stdout.write('all are in\n')
}
