// Memory of an idle connection: this project against a bare Fastify WebSocket route, 5000 connections in 100 channels.
// Run: npm run build && node bench/idle-memory.mjs
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { median } from './support.mjs'

const CONNECTIONS = 5000
const CHANNELS = 100
const RUNS = 3

/** Opens a WebSocket and reads and forgets all messages; plain TCP, so that the client costs little. */
async function open(port, channel) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    `GET /${channel} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`
  )
  await once(socket, 'data')
  socket.resume()
  return socket
}

async function bytesPerConnection(file) {
  const child = fork(file, {
    execArgv: ['--expose-gc'],
    env: { ...process.env, BENCH_SETTINGS: JSON.stringify({ discovery: 'off' }) }
  })
  const [{ port }] = await once(child, 'message')
  const memory = async () => {
    child.send('measure')
    const [{ memory }] = await once(child, 'message')
    return memory.rss
  }
  for (const socket of await Promise.all(Array.from({ length: 200 }, (_, i) => open(port, `warm${i}`))))
    socket.destroy()
  const before = await memory()
  const sockets = []
  for (let i = 0; i < CONNECTIONS; i++) sockets.push(await open(port, `channel${i % CHANNELS}`))
  const after = await memory()
  for (const socket of sockets) socket.destroy()
  child.kill('SIGKILL')
  await once(child, 'exit')
  return (after - before) / CONNECTIONS
}

const results = { bare: [], nws: [] }
for (let run = 0; run < RUNS; run++) {
  results.bare.push(await bytesPerConnection('bench/targets/bare.mjs'))
  results.nws.push(await bytesPerConnection('bench/targets/nws.mjs'))
}
const [bare, nws] = [median(results.bare), median(results.nws)]
console.log(
  `bare Fastify WebSocket route ${(bare / 1024).toFixed(1)} KiB, this project ${(nws / 1024).toFixed(1)} KiB, ratio ${(nws / bare).toFixed(2)} (wanted: at most 1.1)`
)
