// The yardstick for the start: an empty Fastify app with the same imports, answering one route.
import '@fastify/static'
import '@fastify/swagger'
import '@fastify/websocket'
import '@homebridge/ciao'
import 'close-with-grace'
import 'dns-packet'
import 'fastify-plugin'
import 'typebox'
import 'ws'
import Fastify from 'fastify'
import sodium from 'libsodium-wrappers-sumo'

await sodium.ready
const app = Fastify()
app.get('/api/health', async () => ({ status: 'ok' }))
await app.listen({ port: Number(process.env.NWS_PORT), host: '127.0.0.1' })
