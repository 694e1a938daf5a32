// Mesh and cluster at once, between real proxies over a real nats-server: a peer that both reach is one peer, hears each
// message once, and stays when one of the two ways ends.
import t, { type Test } from 'tap'
import { joinChannel } from '../support/channel.ts'
import { buildClusterApp, type ClusterApp } from '../support/cluster-apps.ts'
import { newSecret, startNats } from '../support/nats.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('nats-server')
const MANY = 200

/** Two proxies that know each other by both ways. */
async function startBoth(t: Test) {
  const nats = await startNats(t)
  const common = { clusterUrl: [nats.url], clusterSecret: [newSecret()] }
  const a = await buildClusterApp(t, common)
  const b = await buildClusterApp(t, { ...common, peers: [`127.0.0.1:${a.app.peerMesh.port}`] })
  const [alice, bob] = [await joinChannel(t, a.ws, 'both'), await joinChannel(t, b.ws, 'both')]
  await alice.nextOf('connect')
  await bob.nextOf('connect')
  return { nats, a, b, alice, bob }
}

/** Resolves when a peer of a proxy is brought by so many carriers. */
async function carried({ app }: ClusterApp, id: string, carriers: number): Promise<void> {
  while (app.channelRegistry.find('both')?.peer(id)?.carriers.length !== carriers)
    await new Promise(resolve => {
      setTimeout(resolve, 20)
    })
}

t.test('one peer, each message once and in order', { skip }, async t => {
  const { a, b, alice, bob } = await startBoth(t)
  await Promise.all([carried(a, bob.id, 2), carried(b, alice.id, 2)])
  for (let i = 0; i < MANY; i++) {
    alice.send({ action: 'broadcast', data: i })
    if (i % 10 === 0) alice.send({ action: 'message', target: bob.id, data: `direct ${i}` })
  }
  const expected = Array.from({ length: MANY }, (_, i) => (i % 10 === 0 ? [i, `direct ${i}`] : [i])).flat()
  for (const data of expected) t.equal((await bob.next()).data, data)
  t.strictSame(await bob.arrived(), [], 'no second connect, no message twice')
  t.strictSame(await alice.arrived(), [])
  const answer = (await (
    await fetch(`${a.url}/api/channels/both/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data: 'counted' })
    })
  ).json()) as object
  t.match(JSON.stringify(answer), /"remote":1\b/, 'a peer of two ways is counted once')
})

t.test('a peer stays when one way ends, and goes with the other', { skip }, async t => {
  const { nats, a, b, alice, bob } = await startBoth(t)
  await Promise.all([carried(a, bob.id, 2), carried(b, alice.id, 2)])
  await nats.kill()
  await Promise.all([carried(a, bob.id, 1), carried(b, alice.id, 1)])
  alice.send({ action: 'broadcast', data: 'by the mesh' })
  t.match(await bob.next(), { action: 'broadcast', data: 'by the mesh' }, 'and nothing before it')
  await nats.restart()
  await Promise.all([carried(a, bob.id, 2), carried(b, alice.id, 2)])
  for (const link of a.app.peerMesh.mesh.links) link.close(1001, 'for the test')
  await carried(a, bob.id, 1)
  alice.send({ action: 'broadcast', data: 'by the cluster' })
  t.match(await bob.next(), { action: 'broadcast', data: 'by the cluster' })
  await nats.kill()
  bob.socket.close()
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
})
