// The proxy as a plugin of another Fastify app: its additions, and the parts of the app that stay as they were.
import { once } from 'node:events'
import websocket from '@fastify/websocket'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { networkWebSockets, serverOptions } from '../../src/index.ts'
import { openSocket, request, requestBytes, sendRaw, UPGRADE } from '../support/app.ts'

/** Listens on a free port of 127.0.0.1 and ends with the test. */
async function listen(t: Test, app: FastifyInstance): Promise<number> {
  t.teardown(() => app.close())
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
}

async function statusOf(t: Test, url: string): Promise<unknown> {
  const socket = new WebSocket(url)
  t.teardown(() => socket.terminate())
  const message = once(socket, 'message')
  await once(socket, 'open')
  socket.send('{"action":"status"}')
  return JSON.parse(String((await message)[0]))
}

const off = { discovery: 'off' } as const

t.test('decorates the app, serves under a prefix, and leaves the rest of the app alone', async t => {
  const app = Fastify({ ...serverOptions() })
  const heard: string[] = []
  app.addHook('onRequest', async ({ url }) => {
    heard.push(url)
  })
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ mine: true }))
  app.setErrorHandler(async (_error, _request, reply) => reply.code(500).send({ mine: true }))
  app.get('/', async () => 'my own page')
  app.get('/broken', async () => {
    throw new Error('mine')
  })
  app.post('/text', async ({ body }) => ({ body }))
  await app.register(networkWebSockets, { prefix: '/nws', ...off })
  app.get('/later', async () => 'later')
  const port = await listen(t, app)

  t.ok(app.config && app.accessGuard && app.crypto && app.channelRegistry, 'decorators')
  t.equal((await request(port, 'GET', '/')).body, 'my own page')
  t.equal((await request(port, 'GET', '/', { Host: 'any.example' })).body, 'my own page', 'own routes have no guard')
  t.equal((await request(port, 'GET', '/later')).body, 'later')
  t.match((await request(port, 'GET', '/broken')).json, { mine: true })
  t.match((await request(port, 'GET', '/nothing/here')).json, { mine: true })
  t.match(
    (await request(port, 'POST', '/text', { 'Content-Type': 'text/plain' }, 'text')).json,
    { body: 'text' },
    'own bodies'
  )

  t.match((await request(port, 'GET', '/nws/api/health')).json, { status: 'ok', channels: 0 })
  t.match((await request(port, 'GET', '/nws/api/health', { Host: 'any.example' })).json, {
    code: 'NWS_ERR_HOST_NOT_ALLOWED'
  })
  t.match((await request(port, 'GET', '/nws/nothing/here')).json, { code: 'NWS_ERR_NOT_FOUND' })
  t.match((await request(port, 'GET', '/nws/room')).json, { code: 'NWS_ERR_UPGRADE_REQUIRED' })
  t.equal((await request(port, 'GET', '/api/health')).status, 404, 'nothing beside the prefix')
  t.match(await statusOf(t, `ws://localhost:${port}/nws/room`), { action: 'status' })
  t.match(await sendRaw(port, requestBytes(port, 'GET', '/nws/api/health', UPGRADE)), {
    status: 404,
    json: { code: 'NWS_ERR_UPGRADE_REFUSED' }
  })
  t.match(await sendRaw(port, requestBytes(port, 'GET', '/%E4', UPGRADE)), {
    status: 400,
    json: { code: 'NWS_ERR_REQUEST_MALFORMED' }
  })
  t.ok(heard.includes('/'), 'own hooks run')
})

t.test('without prefix, unknown addresses stay with the app', async t => {
  const app = Fastify({ ...serverOptions() })
  await app.register(networkWebSockets, off)
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ mine: true }))
  const port = await listen(t, app)
  t.match((await request(port, 'GET', '/nothing/here')).json, { mine: true })
  t.match((await request(port, 'GET', '/room')).json, { code: 'NWS_ERR_UPGRADE_REQUIRED' })
  t.match(await statusOf(t, `ws://localhost:${port}/room`), { action: 'status' })
  t.equal(
    (await sendRaw(port, requestBytes(port, 'GET', '/nothing/here', UPGRADE))).status,
    404,
    'an upgrade of nothing is answered and ended'
  )
})

t.test('an app that logs requests keeps the names of channels out of its log', async t => {
  const lines: string[] = []
  const { logController: _, ...options } = serverOptions()
  const app = Fastify({ ...options, logger: { level: 'trace', stream: { write: line => lines.push(line) } } })
  await app.register(networkWebSockets, { prefix: '/nws', ...off })
  const port = await listen(t, app)
  await request(port, 'GET', '/nws/canary-room')
  await request(port, 'GET', '/nws/canary%20room')
  await request(port, 'GET', '/nws/api/channels/canary')
  await statusOf(t, `ws://localhost:${port}/nws/canary-room`)
  const text = lines.join('')
  t.match(text, /incoming request/)
  t.match(text, /"route":"\/nws\/:channel"/)
  t.notMatch(text, /canary/)
})

t.test('a start without the server options fails, naming the first that is missing', async t => {
  for (const [missing, options] of [
    ['routerOptions.maxParamLength', {}],
    ['routerOptions.maxParamLength', { ...serverOptions(), routerOptions: { ignoreTrailingSlash: true } }],
    ['requestTimeout', { ...serverOptions(), requestTimeout: 0 }],
    ['http.headersTimeout', { ...serverOptions(), http: { headersTimeout: 0 } }],
    ['frameworkErrors', { ...serverOptions(), frameworkErrors: undefined }],
    [
      'frameworkErrors',
      {
        ...serverOptions(),
        frameworkErrors: () => {
          throw new Error('mine')
        }
      }
    ],
    ['clientErrorHandler', { ...serverOptions(), clientErrorHandler: undefined }]
  ] as [string, Record<string, unknown>][]) {
    const app = Fastify(options)
    t.teardown(() => app.close())
    await app.register(networkWebSockets, off)
    await t.rejects(
      Promise.resolve(app.ready()),
      { code: 'NWS_ERR_CONFIG_SERVER_OPTION', message: new RegExp(`Missing: ${missing}\\. .*serverOptions`) },
      missing
    )
  }
  const { frameworkErrors, ...rest } = serverOptions()
  const app = Fastify({ ...rest, frameworkErrors: (error, request, reply) => frameworkErrors(error, request, reply) })
  t.teardown(() => app.close())
  await app.register(networkWebSockets, off)
  await app.ready()
  t.pass('a handler that calls ours will do')
})

t.test('wrong options fail the start under their names in code', async t => {
  for (const [options, code, words] of [
    [{ maxMesageBytes: 1 }, 'NWS_ERR_CONFIG_UNKNOWN', /maxMesageBytes is unknown: did you mean maxMessageBytes\?/],
    [{ maxMessageBytes: 0 }, 'NWS_ERR_CONFIG_VALUE', /maxMessageBytes/]
  ] as const) {
    const app = Fastify({ ...serverOptions() })
    t.teardown(() => app.close())
    await t.rejects(
      async () => {
        await app.register(networkWebSockets, options as never)
      },
      { code, message: words }
    )
    t.throws(() => serverOptions(options as never), { code, message: words })
  }
})

t.test('what the app has registered before is used', async t => {
  const app = Fastify({ ...serverOptions() })
  await app.register(websocket, { options: { maxPayload: 1000 } })
  await app.register(swagger, { openapi: { info: { title: 'Mine', version: '1' } } })
  app.get('/own', { websocket: true }, socket => socket.send('{"own":true}'))
  await app.register(networkWebSockets, { prefix: '/nws', ...off })
  const port = await listen(t, app)
  t.match(await statusOf(t, `ws://localhost:${port}/nws/room`), { action: 'status' })
  t.match(await statusOf(t, `ws://localhost:${port}/own`), { own: true })
  t.match((await request(port, 'GET', '/nws/api/openapi.json')).json, { info: { title: 'Mine' } })
})

t.test('the limit of messages holds where the app has brought sockets without one', async t => {
  const app = Fastify({ ...serverOptions() })
  await app.register(websocket)
  await app.register(networkWebSockets, { maxMessageBytes: 100, ...off })
  const port = await listen(t, app)
  const socket = new WebSocket(`ws://localhost:${port}/room`)
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  const closed = once(socket, 'close')
  socket.send(`{"action":"broadcast","data":"${'x'.repeat(100)}"}`)
  const [code, reason] = await closed
  t.match([code, String(reason)], [1009, 'NWS_ERR_MESSAGE_TOO_LARGE'])
})

t.test('several proxies live in one process, and install no signal handlers', async t => {
  const before = process.eventNames().map(name => [name, process.listenerCount(name as 'exit')])
  const ports: number[] = []
  const ids = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const app = Fastify({ ...serverOptions() })
    await app.register(networkWebSockets, off)
    ports.push(await listen(t, app))
    ids.add(app.crypto.proxyId.text)
  }
  t.equal(ids.size, 3)
  const sockets = await Promise.all(ports.map(port => statusOf(t, `ws://localhost:${port}/room`)))
  t.equal(sockets.length, 3)
  for (const port of ports) t.match((await request(port, 'GET', '/api/health')).json, { channels: 1, peers: 1 })
  t.strictSame(
    process.eventNames().map(name => [name, process.listenerCount(name as 'exit')]),
    before
  )
})

t.test('a trusting app around it changes nothing', async t => {
  const app = Fastify({ ...serverOptions(), trustProxy: true })
  await app.register(networkWebSockets, off)
  const port = await listen(t, app)
  t.match(
    (await request(port, 'GET', '/api/health', { Host: 'evil.example', 'X-Forwarded-Host': `localhost:${port}` })).json,
    { code: 'NWS_ERR_HOST_NOT_ALLOWED' }
  )
  t.equal(
    (await request(port, 'GET', '/api/health', { 'X-Forwarded-For': '10.0.0.1', 'X-Forwarded-Proto': 'https' })).status,
    200
  )
})

t.test('requests may be injected', async t => {
  const app = Fastify({ ...serverOptions() })
  t.teardown(() => app.close())
  await app.register(networkWebSockets, off)
  t.match((await app.inject('/api/health')).json(), { status: 'ok', channels: 0 })
  t.match((await app.inject({ url: '/api/health', headers: { host: 'evil.example' } })).json(), {
    code: 'NWS_ERR_HOST_NOT_ALLOWED'
  })
})

t.test('an upgrade that comes while the proxy says goodbye is refused and ended', async t => {
  const app = Fastify({ ...serverOptions() })
  await app.register(networkWebSockets, off)
  const port = await listen(t, app)
  const member = await openSocket(t, port)
  member.write(requestBytes(port, 'GET', '/room', UPGRADE))
  await once(member, 'data')
  const goodbye = once(member, 'data')
  const closed = app.close()
  await goodbye // The proxy now waits for this member's answer.
  t.match(await sendRaw(port, requestBytes(port, 'GET', '/room', UPGRADE)), {
    status: 503,
    json: { code: 'NWS_ERR_SHUTTING_DOWN' }
  })
  t.match(await sendRaw(port, requestBytes(port, 'GET', '/%E4', UPGRADE)), {
    status: 503,
    json: { code: 'NWS_ERR_SHUTTING_DOWN' }
  })
  t.match(await request(port, 'GET', '/api/health'), { status: 503, json: { code: 'NWS_ERR_SHUTTING_DOWN' } })
  member.destroy()
  await closed
})
