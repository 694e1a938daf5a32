// Guests of one invitation who draw at the same time: the time from `send` until all others have it, and the CPU of the
// proxy. Guests and proxy are two processes.
//
//   node --import ./tools/typescript.mjs bench/guests.ts [guests=30] [messages per second=30] [seconds=10]     after npm run build
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { WebSocketClass } from '../src/client/connection.ts'
import { guestWebSocket } from '../src/client/guest/guest-web-socket.ts'
import { NetworkWebSocket } from '../src/client/network-web-socket.ts'
import { cpuOf } from './servers.mjs'

const [guests = 30, perSecond = 30, seconds = 10] = process.argv.slice(2).map(Number)
const PORT = 9790
const server = spawn(process.execPath, ['dist/server.js'], {
  env: {
    PATH: process.env['PATH'],
    NWS_PORT: String(PORT),
    NWS_DISCOVERY: 'off',
    NWS_GUEST_HOST: '127.0.0.1',
    NWS_GUEST_PORT: '0',
    NWS_GUEST_MAX_CONNECTIONS_PER_ADDRESS: '1000',
    NWS_GUEST_MAX_CONNECTIONS: '1000'
  },
  stdio: ['ignore', 'pipe', 'inherit']
})
try {
  await once(server.stdout, 'data')
  const response = await fetch(`http://localhost:${PORT}/api/invitations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 'bench', guests })
  })
  const { url } = (await response.json()) as { url: string }
  const secret = Buffer.from(new URL(url).hash.slice(1), 'base64url')
  const Class = guestWebSocket(secret, WebSocket as unknown as WebSocketClass, () => {})
  const sockets = Array.from(
    { length: guests },
    () => new NetworkWebSocket('bench', { endpoint: new URL(url).origin, WebSocket: Class })
  )
  await Promise.all(sockets.map(socket => once(socket, 'open')))
  const lags: number[] = []
  for (const socket of sockets)
    socket.addEventListener('message', ({ data }) =>
      lags.push(performance.now() - (JSON.parse(data as string) as { at: number }).at)
    )
  const padding = 'x'.repeat(80) // As long as a line of the whiteboard.
  const cpu = cpuOf(server.pid)
  const began = performance.now()
  const timers = sockets.map((socket, i) => {
    let timer: NodeJS.Timeout | undefined
    const first = setTimeout(
      () => {
        timer = setInterval(() => socket.send(JSON.stringify({ at: performance.now(), padding })), 1000 / perSecond)
      },
      (i * 1000) / perSecond / guests
    )
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  })
  await new Promise(resolve => {
    setTimeout(resolve, seconds * 1000)
  })
  for (const stop of timers) stop()
  const elapsed = performance.now() - began
  const used = Number(cpuOf(server.pid) - cpu) / 1e6
  lags.sort((a, b) => a - b)
  const at = (share: number): string => `${(lags[Math.floor((lags.length - 1) * share)] ?? 0).toFixed(1)} ms`
  console.log(
    `${guests} guests, ${perSecond} messages/s each: ${Math.round(lags.length / (elapsed / 1000))} deliveries/s, ` +
      `lag p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}; proxy ${((used / elapsed) * 100).toFixed(0)} % of a core`
  )
  for (const socket of sockets) socket.close()
} finally {
  server.kill()
}
process.exit()
