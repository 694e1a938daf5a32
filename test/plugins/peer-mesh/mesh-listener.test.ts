// The port that other proxies link to: what it answers to everything but a link, and to too many.
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { buildTestApp, requestBytes, sendRaw } from '../../support/app.ts'
import { joinChannel } from '../../support/channel.ts'
import { createTestMesh, openLinks, until } from '../../support/mesh.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

const LINK = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'nws.link.2'
}

async function meshPort(t: Test): Promise<number> {
  return (await buildTestApp(t, { meshHost: '127.0.0.1' })).app.peerMesh.port
}

t.test('[R1] everything but the upgrade of a link is 404 without a word, and the connection ends', async t => {
  const port = await meshPort(t)
  const table: [string, string][] = [
    ['a page', requestBytes(port, 'GET', '/')],
    ['the console', requestBytes(port, 'GET', '/console')],
    ['the API', requestBytes(port, 'GET', '/api/health')],
    [
      'the API with a body',
      requestBytes(port, 'POST', '/api/channels/x/messages', { 'Content-Type': 'application/json' }, '{"data":1}')
    ],
    ['a body that is waited for', requestBytes(port, 'POST', '/', { Expect: '100-continue', 'Content-Length': '9' })],
    ['a channel', requestBytes(port, 'GET', '/webchat', { ...LINK, 'Sec-WebSocket-Protocol': undefined })],
    [
      "the link's path without upgrade",
      requestBytes(port, 'GET', '/nws2/link', { 'Sec-WebSocket-Protocol': 'nws.link.2' })
    ],
    ['an Origin', requestBytes(port, 'GET', '/nws2/link', { ...LINK, Origin: 'http://localhost' })],
    ['an Origin that is null', requestBytes(port, 'GET', '/nws2/link', { ...LINK, Origin: 'null' })],
    ['an empty Origin', requestBytes(port, 'GET', '/nws2/link', { ...LINK, Origin: '' })],
    ['a query', requestBytes(port, 'GET', '/nws2/link?', LINK)],
    ['a slash more', requestBytes(port, 'GET', '/nws2/link/', LINK)],
    ['another version', requestBytes(port, 'GET', '/nws3/link', LINK)],
    ['an absolute target', requestBytes(port, 'GET', 'http://localhost/nws2/link', LINK)],
    ['another method', requestBytes(port, 'POST', '/nws2/link', LINK)],
    ['no sub-protocol', requestBytes(port, 'GET', '/nws2/link', { ...LINK, 'Sec-WebSocket-Protocol': undefined })],
    [
      'another sub-protocol',
      requestBytes(port, 'GET', '/nws2/link', { ...LINK, 'Sec-WebSocket-Protocol': 'nws.link.3' })
    ],
    ['no key', requestBytes(port, 'GET', '/nws2/link', { ...LINK, 'Sec-WebSocket-Key': undefined })],
    ['an old version of WebSocket', requestBytes(port, 'GET', '/nws2/link', { ...LINK, 'Sec-WebSocket-Version': '8' })],
    ['another upgrade', requestBytes(port, 'GET', '/nws2/link', { ...LINK, Upgrade: 'h2c' })],
    ['CONNECT', requestBytes(port, 'CONNECT', 'localhost:80')]
  ]
  for (const [name, bytes] of table) {
    const answer = await sendRaw(port, bytes)
    t.match(answer, { status: 404, body: '' }, name)
    t.notOk(/nws|fastify|powered|websocket/i.test(answer.text), `${name}: nothing tells what this is`)
  }
})

t.test('what is no HTTP ends without an answer', async t => {
  const port = await meshPort(t)
  for (const bytes of ['\x16\x03\x01\x02\x00\x01', `GET / HTTP/1.1\r\nX: ${'y'.repeat(10_000)}\r\n\r\n`]) {
    t.equal((await sendRaw(port, bytes)).text, '', 'silence')
  }
})

t.test('a link is answered with the sub-protocol and no extension', async t => {
  const port = await meshPort(t)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/nws2/link`, 'nws.link.2', { perMessageDeflate: true })
  const [extensions, protocol] = await new Promise<[string, string]>((resolve, reject) => {
    socket.on('open', () => resolve([socket.extensions, socket.protocol]))
    socket.on('error', reject)
  })
  t.equal(protocol, 'nws.link.2')
  t.equal(extensions, '')
  const closed = new Promise<number>(resolve => socket.on('close', resolve))
  socket.send(Buffer.alloc(68))
  t.equal(await closed, 1006, 'a wrong preface ends it without a closing handshake')
})

t.test('who connects and says nothing is cut', async t => {
  const mesh = await createTestMesh(t, 1, { mesh: { linkTimings: { handshakeMs: 50 } } })
  const { peerMesh } = mesh.apps[0]!.app
  const silent = connect({ port: peerMesh.port, host: '127.0.0.1' })
  await new Promise(resolve => silent.once('close', resolve))
  const upgraded = new WebSocket(`ws://127.0.0.1:${peerMesh.port}/nws2/link`, 'nws.link.2')
  t.equal(await new Promise(resolve => upgraded.once('close', resolve)), 1006)
})

t.test('200 half-open connections do not delay an honest link by more than a second', async t => {
  const {
    apps: [one],
    add
  } = await createTestMesh(t, 1)
  const port = one!.app.peerMesh.port
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (let i = 0; i < 200; i++) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    sockets.push(socket)
    // Some say nothing, some begin a request, some upgrade and stop.
    if (i % 3 === 1) socket.write('GET /nws2/link HTTP/1.1\r\nHost: x\r\n')
    if (i % 3 === 2) socket.write(requestBytes(port, 'GET', '/nws2/link', LINK))
  }
  const two = await add()
  const passed = startStopwatch()
  await until(() => openLinks(one!) === 1 && openLinks(two) === 1)
  t.ok(passed() < 1000, 'linked')
})

t.test('text on a link and messages that are too long close it', async t => {
  const {
    apps: [one]
  } = await createTestMesh(t, 1)
  for (const message of ['text', Buffer.alloc(65_536)]) {
    const socket = new WebSocket(`ws://127.0.0.1:${one!.app.peerMesh.port}/nws2/link`, 'nws.link.2')
    await new Promise(resolve => socket.once('open', resolve))
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.send(message)
    await closed
  }
  await until(() => one!.app.peerMesh.links().length === 0)
  t.notMatch(one!.log(), /"level":(50|60)/)
})

t.test('the mesh port that is taken stops the start, and says so', async t => {
  const taken = await meshPort(t)
  await t.rejects(buildTestApp(t, { meshHost: '127.0.0.1', meshPort: taken }), {
    code: 'NWS_ERR_LISTEN',
    message: /NWS_MESH_PORT/
  })
})

t.test('the mesh port listens on all addresses of this machine by default', async t => {
  const { app } = await buildTestApp(t)
  for (const host of ['127.0.0.1', '::1'])
    t.equal((await sendRaw(app.peerMesh.port, requestBytes(app.peerMesh.port, 'GET', '/'), host)).status, 404, host)
  const client = await joinChannel(t, `http://localhost:${(app.server.address() as { port: number }).port}`, 'x')
  t.ok(client.id)
})
