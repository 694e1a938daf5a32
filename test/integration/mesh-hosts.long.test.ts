// What proxies on several hosts do in their own time: the protocol's timers as they are. The same stories with shorter
// ones are in mesh-hosts.test.ts.
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startProxy, type LinkSeen } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')

t.jobs = 4

t.test('a silent cut is noticed within 45 s, and healed', { skip, buffered: true, timeout: 240_000 }, async t => {
  const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const [alice, bob] = await Promise.all([a.join('webchat'), b.join('webchat')])
  await Promise.all([
    alice.hears({ action: 'connect', target: bob.id }),
    bob.hears({ action: 'connect', target: alice.id })
  ])
  const heard = [alice.heard().length, bob.heard().length] as const
  two.cut()
  const begun = Date.now()
  await Promise.all([
    alice.hears({ action: 'disconnect', target: bob.id }, heard[0]),
    bob.hears({ action: 'disconnect', target: alice.id }, heard[1])
  ])
  t.ok(Date.now() - begun > 25_000, 'not at the first lost packet')
  two.heal()
  await Promise.all([
    alice.hears({ action: 'connect', target: bob.id }, heard[0]),
    bob.hears({ action: 'connect', target: alice.id }, heard[1])
  ])
})

t.test('a short cut is not noticed at all', { skip, buffered: true, timeout: 240_000 }, async t => {
  const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const [alice, bob] = await Promise.all([a.join('webchat'), b.join('webchat')])
  await Promise.all([
    alice.hears({ action: 'connect', target: bob.id }),
    bob.hears({ action: 'connect', target: alice.id })
  ])
  two.cut()
  alice.send({ action: 'broadcast', data: 'into the gap' })
  await new Promise(resolve => {
    setTimeout(resolve, 5000)
  })
  two.heal()
  await bob.hears({ action: 'broadcast', data: 'into the gap' })
  t.strictSame(bob.heard().filter(({ action }) => action.includes('connect')).length, 1)
})

t.test(
  'an idle link stands, and a channel that everybody has left goes after half a minute',
  { skip, buffered: true, timeout: 280_000 },
  async t => {
    const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
    const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
    const [alice, bob] = await Promise.all([a.join('webchat'), b.join('webchat')])
    await Promise.all([
      alice.hears({ action: 'connect', target: bob.id }),
      bob.hears({ action: 'connect', target: alice.id })
    ])
    const left = Date.now()
    await alice.leave()
    await bob.hears({ action: 'disconnect', target: alice.id })
    const [link] = (await a.until<{ links: LinkSeen[] }>('/api/links', ({ links }) => links[0]?.channels.length === 0))
      .links
    t.ok(Date.now() - left > 29_000, 'not before')
    await new Promise(resolve => {
      setTimeout(resolve, 130_000)
    })
    t.match(
      await a.links(),
      [{ since: link!.since, proxyId: link!.proxyId }],
      'longer than any record of discovery lives'
    )
    const again = await a.join('webchat')
    await again.hears({ action: 'connect', target: bob.id })
  }
)

t.test(
  'a static peer that comes up late is dialled again and again',
  { skip, buffered: true, timeout: 240_000 },
  async t => {
    const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
    const a = await startProxy(one, { env: { NWS_DISCOVERY: 'off', NWS_PEERS: `${two.address}:9010` } })
    await new Promise(resolve => {
      setTimeout(resolve, 12_000)
    })
    const b = await startProxy(two, { env: { NWS_DISCOVERY: 'off', NWS_MESH_PORT: '9010' } })
    await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
    t.pass('with a wait of some seconds by then')
  }
)
