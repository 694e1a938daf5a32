// Two proxies share a channel through a real nats-server: presence, messages of all kinds, leaving, the API.
import t, { type Test } from 'tap'
import { buildTestApp } from '../../support/app.ts'
import { joinChannel } from '../../support/channel.ts'
import { newSecret, startNats } from '../../support/nats.ts'
import { needs } from '../../support/needs.ts'

const { skip } = needs('nats-server')

/** Proxies that know each other by a server alone. */
async function startProxies(t: Test, count: number, settings: object = {}) {
  const nats = await startNats(t)
  const secret = newSecret()
  const proxies = await Promise.all(
    Array.from(
      { length: count },
      async () =>
        await buildTestApp(t, { meshHost: '127.0.0.1', clusterUrl: [nats.url], clusterSecret: [secret], ...settings })
    )
  )
  return { nats, proxies, secret }
}

t.test('two proxies share a channel', { skip }, async t => {
  const { proxies } = await startProxies(t, 2)
  const [a, b] = [proxies[0]!, proxies[1]!]
  const alice = await joinChannel(t, a.ws, 'webchat')
  const bob = await joinChannel(t, b.ws, 'webchat')
  t.match(await alice.next(), { action: 'connect', target: bob.id })
  t.match(await bob.next(), { action: 'connect', target: alice.id })
  alice.send({ action: 'broadcast', data: { text: 'hello', n: 1 } })
  t.strictSame(await bob.next(), { action: 'broadcast', source: alice.id, data: { text: 'hello', n: 1 } })
  bob.send({ action: 'message', target: alice.id, data: [1] })
  t.strictSame(await alice.next(), { action: 'message', source: bob.id, target: alice.id, data: [1] })
  const carol = await joinChannel(t, b.ws, 'webchat')
  t.match(await alice.next(), { action: 'connect', target: carol.id })
  bob.socket.close()
  t.match(await alice.next(), { action: 'disconnect', target: bob.id })

  const links = (await (await fetch(`${a.url}/api/links`)).json()) as {
    cluster: { proxyId: string; channels: string[]; messages: { in: number } }[]
  }
  t.match(links.cluster, [{ proxyId: b.app.crypto.proxyId.text, channels: ['webchat'], messages: { in: 1 } }])
  const health = (await (await fetch(`${a.url}/api/health`)).json()) as object
  t.match(health, {
    cluster: { state: 'connected', server: /^127\.0\.0\.1:\d+$/, reconnects: 0, proxies: 1, queueDropped: 0 }
  })
})

t.test('another secret is another cluster', { skip }, async t => {
  const {
    nats,
    proxies: [a]
  } = await startProxies(t, 1)
  const stranger = await buildTestApp(t, {
    meshHost: '127.0.0.1',
    clusterUrl: [nats.url],
    clusterSecret: [newSecret()]
  })
  const [alice, mallory] = [await joinChannel(t, a!.ws, 'webchat'), await joinChannel(t, stranger.ws, 'webchat')]
  mallory.send({ action: 'broadcast', data: 'hello' })
  const again = await buildTestApp(t, {
    meshHost: '127.0.0.1',
    clusterUrl: [nats.url],
    clusterSecret: a!.app.config.clusterSecret
  })
  const bob = await joinChannel(t, again.ws, 'webchat')
  t.match(await alice.next(), { action: 'connect', target: bob.id })
  t.strictSame(await mallory.arrived(), [])
  t.equal(stranger.app.cluster!.proxies().length, 0)
})
