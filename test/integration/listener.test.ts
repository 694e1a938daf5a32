// The addresses of the stand-alone proxy, and its words if it cannot listen.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { buildApp } from '../../src/app.ts'
import { buildTestApp, openSocket, request, requestBytes, sendRaw } from '../support/app.ts'
import { freePort } from '../support/ports.ts'
import { statusOf } from '../support/http.ts'

/** Takes a port on one address. */
async function squat(t: Test, host: string, port: number): Promise<number> {
  const server = createServer().listen({ host, port, ipv6Only: true })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as { port: number }).port
}

t.test('[R1] listens on 127.0.0.1 and ::1 with one port, and answers requests and upgrades on both', async t => {
  const { port, log } = await buildTestApp(t)
  for (const host of ['127.0.0.1', '[::1]']) {
    t.equal(await statusOf(`http://${host}:${port}/api/health`), 200, host)
    const socket = new WebSocket(`ws://${host}:${port}/room`)
    await once(socket, 'open')
    const message = once(socket, 'message')
    socket.send('{"action":"status"}')
    t.match(JSON.parse(String((await message)[0])), { action: 'status' }, `${host} upgrade`)
    socket.close()
    await once(socket, 'close')
  }
  for (const { address, internal, scopeid } of Object.values(networkInterfaces()).flatMap(list => list ?? [])) {
    if (!internal)
      await t.rejects(openSocket(t, port, scopeid ? `${address}%${scopeid}` : address), `not on ${address}`)
  }
  const lines = log()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { level: number; msg: string })
    .filter(({ level }) => level >= 30)
  t.strictSame(
    lines.map(({ msg }) => msg),
    [`Network Web Sockets is running: http://localhost:${port}`],
    'one sentence in the log, and nothing else at info'
  )
})

t.test('a wanted port is taken on both addresses', async t => {
  const wanted = await freePort()
  const { port } = await buildTestApp(t, { port: wanted })
  t.equal(port, wanted)
  for (const host of ['127.0.0.1', '::1'])
    t.equal((await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws'), host)).status, 200, host)
})

for (const [taken, name, other] of [
  ['127.0.0.1', '127.0.0.1', '::1'],
  ['::1', '\\[::1\\]', '127.0.0.1']
] as const) {
  t.test(`a port that is in use on ${taken} ends the start, naming it, and nothing stays bound`, async t => {
    const port = await squat(t, taken, await freePort())
    const app = await buildApp({ port, discovery: 'off' })
    await t.rejects(app.listener.listen(), {
      code: 'NWS_ERR_LISTEN',
      message: new RegExp(`${name}:${port} is in use by another program \\(EADDRINUSE\\).*NWS_PORT`)
    })
    await app.close()
    t.equal(await squat(t, other, port), port, `${other} is free`)
  })
}

t.test('a host of its own is the only place', async t => {
  const { port } = await buildTestApp(t, { host: '127.0.0.2' })
  t.equal(
    (await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws', { Host: `127.0.0.2:${port}` }), '127.0.0.2'))
      .status,
    200
  )
  await t.rejects(openSocket(t, port, '127.0.0.1'), { code: 'ECONNREFUSED' })
  await t.rejects(openSocket(t, port, '::1'), { code: 'ECONNREFUSED' })
})

t.test('localhost as host means both addresses, whatever the hosts file says', async t => {
  const { port } = await buildTestApp(t, { host: 'localhost' })
  for (const host of ['127.0.0.1', '::1'])
    t.equal((await sendRaw(port, requestBytes(port, 'GET', '/.well-known/nws'), host)).status, 200, host)
})

t.test('a host that this machine does not have ends the start', async t => {
  const app = await buildApp({ port: 0, discovery: 'off', host: '192.0.2.1', apiToken: 'x' })
  t.teardown(() => app.close())
  await t.rejects(app.listener.listen(), {
    code: 'NWS_ERR_LISTEN',
    message: /192\.0\.2\.1:0 cannot be used \(EADDRNOTAVAIL\)/
  })
})

t.test('a failure of a plugin at the start is not taken for one of listening', async t => {
  const app = await buildApp({ port: 0, discovery: 'off' })
  app.addHook('onReady', async () => {
    throw new Error('not today')
  })
  await t.rejects(app.listener.listen(), { message: 'not today' })
})

t.test('closing closes idle, silent and half-done connections', async t => {
  const { app, port } = await buildTestApp(t, { shutdownTimeoutMs: 60_000 })
  const sockets = []
  for (const host of ['127.0.0.1', '::1']) {
    for (const bytes of ['', 'GET /', requestBytes(port, 'GET', '/.well-known/nws', { Connection: 'keep-alive' })]) {
      const socket = await openSocket(t, port, host)
      if (bytes !== '') socket.write(bytes)
      if (bytes.length > 10) await once(socket, 'data')
      sockets.push(socket)
    }
  }
  const closed = Promise.all(sockets.map(socket => once(socket.resume(), 'close')))
  await app.close()
  await closed
  for (const host of ['127.0.0.1', '::1']) await t.rejects(openSocket(t, port, host), { code: 'ECONNREFUSED' }, host)
  await app.close()
})

t.test('a request that is being answered is answered to its end', async t => {
  const { app, port } = await buildTestApp(t, { shutdownTimeoutMs: 60_000 })
  const waiting = request(
    port,
    'POST',
    '/api/channels/room/messages?waitMs=60000',
    { 'Content-Type': 'application/json', Connection: 'keep-alive' },
    '{"data":1}'
  )
  await new Promise<void>(resolve => app.channelRegistry.addHook('channelOpened', () => resolve()))
  await app.close()
  const { status, json } = await waiting
  t.ok(status === 200 || json?.code === 'NWS_ERR_SHUTTING_DOWN', `${status} ${json?.code}`)
})
