// The port that other proxies link to: what becomes of everything but a link, and of too many.
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { HandshakeInitiator, createIdentity } from '../../../src/core/link/wire/handshake.ts'
import { buildTestApp, requestBytes, sendRaw } from '../../support/app.ts'
import { joinChannel } from '../../support/channel.ts'
import { primitives } from '../../support/link.ts'
import { createTestMesh, openLinks, until } from '../../support/mesh.ts'

/** Longer than any test may take. */
const HOUR_MS = 3_600_000
/** A mesh that waits for what begins like a link and does not go on. */
const PATIENT = { mesh: { linkTimings: { handshakeMs: HOUR_MS, helloMs: HOUR_MS } } } as const

async function meshPort(t: Test): Promise<number> {
  return (await buildTestApp(t, { meshHost: '127.0.0.1', ...PATIENT })).app.peerMesh.port
}

const w0 = (): Uint8Array => new HandshakeInitiator(primitives, createIdentity(primitives)).w0

/** The answer to a connection before it ends. */
async function answerTo(port: number, ...chunks: Uint8Array[]): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' })
  const heard: Buffer[] = []
  socket.on('data', chunk => heard.push(chunk))
  socket.on('error', () => {})
  for (const chunk of chunks) socket.write(chunk)
  await new Promise(resolve => socket.once('close', resolve))
  return Buffer.concat(heard)
}

t.test('what does not begin like a link ends at once and without a word', async t => {
  const port = await meshPort(t)
  for (const [name, bytes] of [
    ['a page', requestBytes(port, 'GET', '/')],
    ['one letter', 'G'],
    ['TLS', '\x16\x03\x01\x02\x00\x01'],
    ['the version before', 'NWS2'],
    ['the version after', `NWS4${'x'.repeat(80)}`]
  ] as const) {
    t.equal((await answerTo(port, Buffer.from(bytes, 'latin1'))).length, 0, `${name}: not only when its time is up`)
  }
})

t.test('a link is answered with W1, in however many pieces W0 comes', async t => {
  const port = await meshPort(t)
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const first = w0()
  const heard: Buffer[] = []
  const answered = new Promise<void>(resolve => {
    socket.on('data', chunk => {
      heard.push(chunk)
      if (Buffer.concat(heard).length >= 96) resolve()
    })
  })
  for (const at of first.keys()) socket.write(first.subarray(at, at + 1))
  await answered
  t.equal(Buffer.concat(heard).length, 96)
  socket.destroy()
})

t.test('a record that is no record ends the connection', async t => {
  const port = await meshPort(t)
  for (const record of [
    Uint8Array.of(0, 0),
    Uint8Array.of(0, 5, 1, 2, 3, 4, 5),
    Uint8Array.of(255, 255, ...new Uint8Array(65_535))
  ])
    t.ok((await answerTo(port, w0(), record)).length <= 96, 'W1 and nothing more')
})

t.test('who connects and says nothing, or stops in the middle, is cut', async t => {
  const mesh = await createTestMesh(t, 1, { mesh: { linkTimings: { handshakeMs: 50, helloMs: 50 } } })
  const { port } = mesh.apps[0]!.app.peerMesh
  t.equal((await answerTo(port)).length, 0)
  t.equal((await answerTo(port, w0().subarray(0, 50))).length, 0)
  t.equal((await answerTo(port, w0())).length, 96, 'no HELLO')
})

t.test('200 half-open connections do not keep an honest link waiting until they are cut', async t => {
  const {
    apps: [one],
    add
  } = await createTestMesh(t, 1, PATIENT)
  const port = one!.app.peerMesh.port
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (let i = 0; i < 200; i++) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    sockets.push(socket)
    // Some say nothing, some begin a handshake, some say no HELLO.
    if (i % 3 === 1) socket.write('NWS3')
    if (i % 3 === 2) socket.write(w0())
  }
  const two = await add()
  await until(() => openLinks(one!) === 1 && openLinks(two) === 1)
  t.pass('linked')
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
  for (const host of ['127.0.0.1', '::1']) t.equal((await sendRaw(app.peerMesh.port, 'x', host)).text, '', host)
  const client = await joinChannel(t, `http://localhost:${(app.server.address() as { port: number }).port}`, 'x')
  t.ok(client.id)
})
