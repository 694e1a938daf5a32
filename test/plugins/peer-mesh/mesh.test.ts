// Proxies in one process, linked over loopback: presence, delivery, the API and the ends of links, as clients see them.
import t from 'tap'
import { joinChannel, type ChannelClient } from '../../support/channel.ts'
import { createTestMesh, openLinks, until, type MeshApp } from '../../support/mesh.ts'
import { freePort } from '../../support/ports.ts'

/** Longer than any test may take. */
const HOUR_MS = 3_600_000

/** Dials again at once. */
const quick = { mesh: { dialTimings: { backOffMs: 10, largerMs: 30, steadyMs: 1 } } }

async function getJson<T>(app: MeshApp, path: string): Promise<T> {
  const response = await fetch(`${app.url}${path}`)
  return (await response.json()) as T
}

/** Ids that a client has been told of and that have not gone. */
async function present(client: ChannelClient, expected: readonly string[]): Promise<void> {
  const there = new Set<string>()
  while (there.size !== expected.length || !expected.every(id => there.has(id))) {
    const { action, target } = await client.next()
    if (action === 'connect') there.add(target!)
    if (action === 'disconnect') there.delete(target!)
  }
}

t.test('five proxies are one channel', async t => {
  const { apps } = await createTestMesh(t, 5)
  const clients = await Promise.all(apps.map(app => joinChannel(t, app.ws, 'webchat')))
  for (const client of clients)
    await present(
      client,
      clients.filter(other => other !== client).map(({ id }) => id)
    )
  for (const [place, client] of clients.entries()) client.send({ action: 'broadcast', data: place })
  for (const [place, client] of clients.entries()) {
    const heard: unknown[] = []
    while (heard.length < 4) heard.push((await client.nextOf('broadcast')).data)
    t.strictSame(new Set(heard), new Set([0, 1, 2, 3, 4].filter(other => other !== place)))
    t.strictSame(await client.arrived(), [], 'each once')
  }
  for (const app of apps) t.equal(openLinks(app), 4, 'one link to each other proxy')
})

t.test('binary and direct messages, large ones and many small ones', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x?binary=1')
  await present(alice, [bob.id])
  await present(bob, [alice.id])
  const large = 'y'.repeat(1_000_000)
  alice.send({ action: 'message', target: bob.id, data: large })
  t.equal((await bob.nextOf('message')).data, large)
  alice.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from([0, 1, 255])]))
  const { bytes } = (await bob.next()) as unknown as { bytes: Buffer }
  t.strictSame([...bytes.subarray(-3)], [0, 1, 255])
  for (let i = 0; i < 2000; i++) alice.send(`{"action":"broadcast","data":${i}}`)
  for (let i = 0; i < 2000; i++) {
    const { data } = await bob.nextOf('broadcast')
    if (data !== i) t.fail(`${String(data)} instead of ${i}`)
  }
  bob.send({ action: 'message', target: 'nobody', data: 1 })
  t.match(await bob.nextOf('error'), { code: 'NWS_ERR_PEER_NOT_FOUND' })
})

t.test('a message that is too long for a link: its sender is told', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, { maxMessageBytes: 4 * 2 ** 20 })
  const alice = await joinChannel(t, one!.ws, 'x')
  const near = await joinChannel(t, one!.ws, 'x')
  const far = await joinChannel(t, two!.ws, 'x')
  await present(alice, [near.id, far.id])
  const large = 'y'.repeat(2 * 2 ** 20)
  alice.send({ action: 'broadcast', data: large })
  t.match(await alice.nextOf('error'), { code: 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE' })
  t.equal((await near.nextOf('broadcast')).data, large)
  alice.send({ action: 'message', target: far.id, data: large })
  t.match(await alice.nextOf('error'), { code: 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE' })
  alice.send({ action: 'broadcast', data: 'small' })
  t.equal((await far.nextOf('broadcast')).data, 'small', 'the link stands')
})

t.test('the API shows links, remote peers and their proxy', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  const alice = await joinChannel(t, one!.ws, 'webchat')
  const bob = await joinChannel(t, two!.ws, 'webchat')
  await present(alice, [bob.id])
  alice.send({ action: 'broadcast', data: 1 })
  await bob.nextOf('broadcast')
  const id = (app: MeshApp) => app.app.crypto.proxyId.text
  const { links } = await getJson<{ links: Record<string, unknown>[] }>(one!, '/api/links')
  t.match(links, [
    {
      proxyId: id(two!),
      state: 'open',
      channels: ['webchat'],
      messages: { in: 0, out: 1 },
      rttMs: Number,
      address: /^127\.0\.0\.1:\d+$/
    }
  ])
  t.ok(['initiator', 'responder'].includes(String(links[0]!.role)))
  t.ok(Date.parse(String(links[0]!.since)) > Date.now() - 60_000)
  t.match(await getJson(one!, '/api/channels/webchat'), { peers: { local: 1, remote: 1 } })
  t.match(await getJson(one!, '/api/peers'), {
    peers: [
      { id: alice.id, location: 'local' },
      { id: bob.id, location: 'remote', proxy: id(two!) }
    ]
  })
  t.match(await getJson(one!, '/api/health'), {
    mesh: { port: one!.app.peerMesh.port, links: 1 },
    discovery: { state: 'ok' }
  })
})

t.test('names are not shown where they are not to be', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, { apiShowNames: false })
  const alice = await joinChannel(t, one!.ws, 'webchat')
  await joinChannel(t, two!.ws, 'webchat')
  await alice.nextOf('connect')
  t.match(await getJson(one!, '/api/links'), { links: [{ channels: [one!.app.crypto.channelTag('webchat')] }] })
})

t.test('a message by HTTP waits until the channel is matched', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  await until(() => openLinks(one!) === 1 && openLinks(two!) === 1)
  const bob = await joinChannel(t, two!.ws, 'x')
  const response = await fetch(`${one!.url}/api/channels/x/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"data":"by HTTP"}'
  })
  t.match(await response.json(), { delivered: { local: 0, remote: 1 } })
  t.equal((await bob.nextOf('broadcast')).data, 'by HTTP')
})

t.test('a session that ends takes its peers away, and the next one brings them back', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, quick)
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  for (const link of one!.app.peerMesh.mesh.links) link.close(1013, 'test')
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
  t.match(await alice.nextOf('connect'), { target: bob.id })
  bob.send({ action: 'broadcast', data: 'again' })
  t.equal((await alice.nextOf('broadcast')).data, 'again')
})

t.test('a connection that breaks is neither seen nor heard: nothing is missing, nothing comes twice', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, quick)
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  await present(bob, [alice.id])
  const resumptions = () => one!.app.peerMesh.mesh.resumptions
  let sent = 0
  for (let cut = 0; cut < 5; cut++) {
    for (let i = 0; i < 200; i++) {
      const data = sent++
      alice.send({ action: 'broadcast', data })
      bob.send({ action: 'broadcast', data })
      if (i === 100) for (const link of one!.app.peerMesh.mesh.links) link.close(4001, 'test')
    }
    await until(() => resumptions() > cut)
  }
  for (const client of [alice, bob])
    for (let data = 0; data < sent; data++) {
      const message = await client.next()
      if (message.action !== 'broadcast' || message.data !== data)
        t.fail(`${message.action} ${String(message.data)} instead of ${data}`)
    }
  t.match(await getJson(one!, '/api/links'), { links: [{ state: 'open', resumptions: resumptions() }] })
  t.match(
    await (await fetch(`${one!.url}/api/metrics`)).text(),
    new RegExp(`nws_link_resumptions_total ${resumptions()}\\n`)
  )
})

t.test('a link that holds the most bytes gives way, and the next session brings its peers back', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, { ...quick, maxTotalQueuedBytes: 1024 * 1024 })
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  await present(bob, [alice.id])
  const { mesh } = one!.app.peerMesh
  const [session] = mesh.sessions()
  const member = await one!.app.channelRegistry.join('x')
  const data = 'x'.repeat(500_000)
  for (let i = 0; i < 4; i++) member.broadcast(data)
  // Nothing can be acknowledged before the turn is over.
  const { turns } = one!.app.channelRegistry.hub
  turns.end()
  t.ok(session!.heldBytes > 1024 * 1024, `${session!.heldBytes} bytes are held`)
  turns.queues.check()
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
  t.notOk([...mesh.sessions()].includes(session!), 'its session has ended')
  t.match(one!.log(), /those of a link are the most: its session ends/)
  await present(alice, [bob.id])
})

t.test('a page reload keeps the match', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  const sweeps = one!.app.peerMesh.mesh.totals.sweeps
  bob.socket.close()
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
  const again = await joinChannel(t, two!.ws, 'x')
  await present(again, [alice.id])
  await present(alice, [again.id])
  again.send({ action: 'broadcast', data: 1 })
  t.match(await alice.nextOf('broadcast'), { source: again.id })
  t.equal(one!.app.peerMesh.mesh.totals.sweeps, sweeps, 'without a round')
})

t.test('a proxy that closes says goodbye', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, { shutdownTimeoutMs: HOUR_MS })
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  await two!.app.close()
  t.pass('without waiting for its time limit')
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
  await until(() => one!.app.peerMesh.links().length === 0)
  t.notMatch(one!.log(), /"truncated":true/)
})

t.test('channels of this machine only are no matter of the mesh', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  const here = await one!.app.channelRegistry.join('x', { scope: 'local' })
  const there = await two!.app.channelRegistry.join('x', { scope: 'local' })
  const [a, b] = [await joinChannel(t, one!.ws, 'x'), await joinChannel(t, two!.ws, 'x')]
  await present(a, [b.id])
  t.equal(here.peer.channel.remoteCount + there.peer.channel.remoteCount, 0)
})

t.test('join hooks see remote peers and may refuse them', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  const seen: string[] = []
  one!.app.channelRegistry.addHook('join', async ({ location, id }) => {
    seen.push(`${location} ${id}`)
    if (location === 'remote' && seen.some(entry => entry === 'remote refused')) return
    if (location === 'remote') throw Object.assign(new Error('no'), { code: 'NWS_ERR_JOIN_REFUSED' })
  })
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  t.match(await bob.nextOf('connect'), { target: alice.id })
  await until(() => seen.includes(`remote ${bob.id}`))
  bob.send({ action: 'broadcast', data: 'not heard' })
  bob.send({ action: 'message', target: alice.id, data: 'nor this' })
  seen.push('remote refused')
  const carol = await joinChannel(t, two!.ws, 'x')
  t.match(await alice.nextOf('connect'), { target: carol.id }, 'alice never saw bob')
  carol.send({ action: 'broadcast', data: 'heard' })
  t.match(await alice.next(), { action: 'broadcast', source: carol.id, data: 'heard' })
})

t.test("two proxies that are each other's static peers, and discover each other, keep one link", async t => {
  const {
    apps: [one],
    add
  } = await createTestMesh(t, 1, quick)
  const two = await add({ peers: [`127.0.0.1:${one!.app.peerMesh.port}`] })
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two.ws, 'x')
  await present(alice, [bob.id])
  await until(
    () => one!.app.peerMesh.links().length === 1 && two.app.peerMesh.links().length === 1 && openLinks(one!) === 1
  )
  bob.send({ action: 'broadcast', data: 1 })
  t.match(await alice.nextOf('broadcast'), { source: bob.id })
  t.strictSame(await alice.arrived(), [], 'nobody seemed to leave')
})

t.test('a static peer that is this very proxy comes to nothing', async t => {
  const { add } = await createTestMesh(t, 0, quick)
  const port = await freePort() // It has to be known before the proxy is.
  const { app, log } = await add({ meshPort: port, peers: [`127.0.0.1:${port}`], discovery: 'off' })
  await until(() => (log().match(/link ended/g) ?? []).length >= 2)
  t.equal(app.peerMesh.links().filter(({ state }) => state === 'open').length, 0)
  t.notMatch(log(), /"level":[4-6]0/, "which is nobody's fault")
})

t.test('no log holds a channel name, whatever happens', async t => {
  const canary = 'canary-of-the-mesh'
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, quick)
  const alice = await joinChannel(t, one!.ws, canary)
  const bob = await joinChannel(t, two!.ws, canary)
  await present(alice, [bob.id])
  for (const link of one!.app.peerMesh.mesh.links) link.close(1008, 'test')
  await alice.nextOf('disconnect')
  await alice.nextOf('connect')
  for (const app of [one!, two!]) {
    t.match(app.log(), new RegExp(app.app.crypto.channelTag(canary)), 'its tag is there')
    t.notMatch(app.log(), /canary/)
    t.notMatch(app.log(), new RegExp(Buffer.from(canary).toString('hex')))
  }
})

t.test('a mistake in what a link sets off costs the link, not the proxy', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2, quick)
  let broken = true
  one!.app.channelRegistry.addHook('leave', ({ location }) => {
    if (location === 'remote' && broken) throw new Error('a hook that must not throw')
  })
  const alice = await joinChannel(t, one!.ws, 'x')
  const bob = await joinChannel(t, two!.ws, 'x')
  await present(alice, [bob.id])
  bob.socket.close()
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
  await until(() => one!.log().includes('"code":1011'))
  broken = false
  const again = await joinChannel(t, two!.ws, 'x')
  t.match(await alice.nextOf('connect'), { target: again.id }, 'linked again')
})
