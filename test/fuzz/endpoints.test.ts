// Nonsense on every address of a proxy, for some seconds, the same at each run unless FUZZ_SEED is set. `npm run fuzz` goes on
// for longer, with others.
import t from 'tap'
import { buildTestApp, openConnections, openSocket, requestBytes, UPGRADE } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { fuzzEndpoints } from './endpoints.ts'
import { statusOf } from '../support/http.ts'

t.test('[R16] nobody who talks properly notices, and nothing is left', async t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20_241_014)
  const { app, url, port, log } = await buildTestApp(t, {
    meshHost: '127.0.0.1',
    legacyPairTimeoutMs: 500,
    mesh: { linkTimings: { handshakeMs: 500 } }
  })
  const alice = await joinChannel(t, url, 'room')
  const bob = await joinChannel(t, url, 'room')
  let count = 0
  const alive = async (): Promise<boolean> => {
    const data = ++count
    alice.send({ action: 'broadcast', data })
    for (;;) {
      const { action, source, data: heard } = await bob.next()
      if (action === 'broadcast' && source === alice.id) return heard === data
    }
  }
  const failure = await fuzzEndpoints({ local: port, mesh: app.peerMesh.port }, 60, seed, alive)
  t.ok(failure === undefined, failure ?? 'they heard each other all the time')
  alice.socket.close()
  bob.socket.close()
  await Promise.all([alice.closed(), bob.closed()])
  while (app.channelSockets.size > 0 || app.channelRegistry.peers().length > 0)
    await new Promise(resolve => setImmediate(resolve))
  t.notMatch(log(), /"level":[56]0/, `no error of ours (FUZZ_SEED=${seed})`)
  t.equal(await statusOf(`${url}/api/health`), 200)
})

t.test('a client that leaves while a file is on its way is no failure', async t => {
  const { app, port, log } = await buildTestApp(t)
  for (let round = 0; round < 30; round++) {
    const socket = await openSocket(t, port)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.resume()
    socket.write(
      requestBytes(port, 'GET', '/', { Connection: undefined }) + requestBytes(port, 'GET', '/room', UPGRADE)
    )
    await closed
  }
  while ((await openConnections(app)) > 0) await new Promise(resolve => setImmediate(resolve))
  t.match(log(), /a client left before it had its answer/)
  t.notMatch(log(), /"level":[56]0/)
})

t.test('[R7] an upgrade behind a request that has no answer yet ends the connection', async t => {
  const { app, port } = await buildTestApp(t)
  for (const first of [
    requestBytes(port, 'GET', '/api/channels/room/events', { Accept: 'text/event-stream', Connection: undefined }),
    requestBytes(port, 'GET', '/', { Host: 'evil.example', Connection: undefined })
  ]) {
    const socket = await openSocket(t, port)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.resume()
    socket.write(first + requestBytes(port, 'GET', '/room', UPGRADE))
    await closed
  }
  while (app.channelRegistry.peers().length > 0 || (await openConnections(app)) > 0)
    await new Promise(resolve => setImmediate(resolve))
  t.strictSame(app.channelRegistry.channels(), [])
})

t.test('a socket that ends while it joins leaves nobody behind', async t => {
  const { app, port } = await buildTestApp(t)
  for (const path of ['/console', '/room', '/broadcast/room']) {
    const socket = await openSocket(t, port)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.resume()
    // With the upgrade comes a frame that breaks the protocol: no mask.
    socket.end(Buffer.concat([Buffer.from(requestBytes(port, 'GET', path, UPGRADE)), Buffer.from([0x81, 0x01, 0x41])]))
    await closed
  }
  while (app.channelSockets.size > 0) await new Promise(resolve => setImmediate(resolve))
  t.strictSame(
    app.channelRegistry.peers().map(({ channel }) => channel.name),
    []
  )
})
