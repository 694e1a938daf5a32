// The yardstick for memory: a bare Fastify WebSocket route that keeps sockets open and does nothing else.
import Fastify from 'fastify'
import fastifyWebsocket from '@fastify/websocket'

const app = Fastify()
await app.register(fastifyWebsocket, { options: { perMessageDeflate: false } })
app.get('/:channel', { websocket: true }, socket => {
  socket.on('message', () => {})
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('message', () => {
  globalThis.gc()
  globalThis.gc()
  process.send({ memory: process.memoryUsage() })
})
process.send({ port: app.server.address().port })
