// Proxies on several hosts, as people have them: `npm start` on each, nothing configured, real multicast. How they find
// each other, lose each other and find each other again. Not what channels promise (mesh-channels.test.ts).
import t, { type Test } from 'tap'
import { fromBase32 } from '../../src/core/bytes.ts'
import { needsAvahi, startAvahi } from '../support/avahi.ts'
import { createNetwork, type Host, type HostOptions } from '../support/namespaces.ts'
import { startProxy, type LinkSeen, type ProxyProcess } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')

/** A member in one channel on each of two proxies, which have heard of each other; says something both ways. */
async function talk(one: ProxyProcess, other: ProxyProcess, channel = 'webchat') {
  const [a, b] = await Promise.all([one.join(channel), other.join(channel)])
  await Promise.all([
    a.hears({ action: 'connect', source: a.id, target: b.id }),
    b.hears({ action: 'connect', source: b.id, target: a.id })
  ])
  a.send({ action: 'broadcast', data: 'hello' })
  b.send({ action: 'message', target: a.id, data: [1] })
  await Promise.all([
    b.hears({ action: 'broadcast', source: a.id, data: 'hello' }),
    a.hears({ action: 'message', source: b.id, data: [1] })
  ])
  return { a, b }
}

async function hostsOf(t: Test, hosts: number | readonly HostOptions[]): Promise<Host[]> {
  return [...(await createNetwork(t, hosts)).hosts]
}

/** Times with which a silent link ends within some seconds, and not because a busy machine was silent itself. */
const impatient = {
  linkTimings: { pingMs: 500, deadMs: 5000, probeMs: 2500, resumeMs: 1000 },
  dialTimings: { backOffMs: 200, largerMs: 1000 }
}
/** The larger id does not dial by itself before a test is over. */
const patient = { dialTimings: { largerMs: 240_000 } }

t.jobs = 2

t.test('two that start together, and one that comes later', { skip, buffered: true }, async t => {
  const [one, two, three] = (await hostsOf(t, 3)) as [Host, Host, Host]
  const [a, b] = await Promise.all([startProxy(one, { mesh: patient }), startProxy(two, { mesh: patient })])
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
  const c = await startProxy(three, { mesh: patient })
  const [ofA, ofB, ofC] = await Promise.all([a.linkedTo([b, c]), b.linkedTo([a, c]), c.linkedTo([a, b])])
  await talk(a, c)
  await talk(b, c)
  // The ids are ordered as bytes: in base32 the digits, which come first as text, stand for the highest values.
  const isSmaller = (one: string, other: string) => Buffer.compare(fromBase32(one)!, fromBase32(other)!) < 0
  for (const [own, links] of [
    [a, ofA],
    [b, ofB],
    [c, ofC]
  ] as const) {
    for (const { proxyId, role } of links)
      t.equal(role, isSmaller(own.proxyId, proxyId) ? 'initiator' : 'responder', 'the smaller id has dialled')
  }
})

t.test('an interface that comes up after the start', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, [{}, { up: false }])) as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  t.strictSame(await b.links(), [])
  two.up()
  two.setAddress('10.77.0.2/24')
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
  await talk(a, b)
})

t.test('an address that changes', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const members = await talk(a, b)
  const heard = members.a.heard().length
  two.setAddress('10.77.0.99/24')
  members.b.send({ action: 'broadcast', data: 'from elsewhere' })
  await members.a.hears({ action: 'broadcast', data: 'from elsewhere' }, heard)
  const { links } = await a.until<{ links: LinkSeen[] }>('/api/links', ({ links }) => links[0]?.state === 'open')
  // The new link may come before the loss of the old one is noticed. Then no resumption is counted.
  t.match(links, [{ address: /^10\.77\.0\.99:/ }])
  t.notOk(members.a.heard().some(({ action }) => action === 'disconnect'))
})

t.test('a network that is cut and healed', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one, { mesh: impatient }), startProxy(two, { mesh: impatient })])
  const members = await talk(a, b)
  const heard = [members.a.heard().length, members.b.heard().length] as const
  two.cut()
  await Promise.all([
    members.a.hears({ action: 'disconnect', source: members.a.id, target: members.b.id }, heard[0]),
    members.b.hears({ action: 'disconnect', source: members.b.id, target: members.a.id }, heard[1])
  ])
  t.strictSame(await a.links(), [])
  two.heal()
  await Promise.all([
    members.a.hears({ action: 'connect', target: members.b.id }, heard[0]),
    members.b.hears({ action: 'connect', target: members.a.id }, heard[1])
  ])
  members.a.send({ action: 'broadcast', data: 'again' })
  await members.b.hears({ action: 'broadcast', source: members.a.id, data: 'again' })
  const seen = members.b
    .heard()
    .filter(({ action, target }) => action !== 'status' && target === members.a.id)
    .map(({ action }) => action)
  t.strictSame(seen, ['connect', 'disconnect', 'connect'])
})

t.test('a proxy that is killed, and started again', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const members = await talk(a, b)
  await b.program.kill('SIGKILL')
  await members.a.hears({ action: 'disconnect', source: members.a.id, target: members.b.id })
  const again = await startProxy(two)
  t.not(again.proxyId, b.proxyId, 'another run has another id')
  await again.linkedTo([a])
  await talk(a, again, 'another')
})

t.test('a proxy that ends in order', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const members = await talk(a, b)
  await b.program.kill('SIGTERM')
  await members.a.hears({ action: 'disconnect', source: members.a.id, target: members.b.id })
  await a.linkedTo([])
  t.equal(await b.program.ended, 0)
})

t.test('two proxies on one host, and a third elsewhere', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const [a, b, c] = await Promise.all([
    startProxy(one),
    startProxy(one, { env: { NWS_PORT: '9019' } }),
    startProxy(two)
  ])
  await Promise.all([a.linkedTo([b, c]), b.linkedTo([a, c]), c.linkedTo([a, b])])
  await talk(a, b)
  await talk(b, c)
})

t.test('30 % packet loss', { skip, buffered: true }, async t => {
  const hosts = await hostsOf(t, 2)
  for (const host of hosts) host.loss(30)
  const [one, two] = hosts as [Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  await talk(a, b)
})

t.test('two interfaces in two networks', { skip, buffered: true }, async t => {
  const [both, also, left, right] = (await hostsOf(t, [
    { segments: [0, 1] },
    { segments: [0, 1] },
    { segments: [0] },
    { segments: [1] }
  ])) as [Host, Host, Host, Host]
  const [a, b, c, d] = await Promise.all([startProxy(both), startProxy(also), startProxy(left), startProxy(right)])
  await Promise.all([a.linkedTo([b, c, d]), b.linkedTo([a, c, d]), c.linkedTo([a, b]), d.linkedTo([a, b])])
  const members = await talk(a, b)
  await members.b.fence()
  t.equal(members.b.heard().filter(({ action }) => action === 'broadcast').length, 1, 'no message comes twice')
  await talk(a, d, 'another')
})

t.test('beside avahi-daemon', { ...needsAvahi, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const avahi = await startAvahi(t, one)
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
  await talk(a, b)
  // =;eth0;IPv4;<instance>;_nws._tcp;local;<host>.local;<address>;<port>;"v=3"
  // It lists what it has heard by now.
  const watch = avahi.watch('_nws._tcp')
  for (const { proxyId } of [a, b]) await watch.printed(new RegExp(`^=.*${proxyId}`, 'm'))
  const seen = (await avahi.browse('_nws._tcp')).map(line => line.split(';'))
  t.equal(seen.length, 2)
  t.strictSame(new Set(seen.map(fields => fields[3])), new Set([a.proxyId, b.proxyId]), 'one service a proxy')
  t.strictSame(new Set(seen.map(fields => fields[9])), new Set(['"v=3"']))
  t.strictSame(new Set(seen.map(fields => fields[8])), new Set([String(a.meshPort), String(b.meshPort)]))
})

t.test('static peers that dial each other while they discover each other', { skip, buffered: true }, async t => {
  const [one, two] = (await hostsOf(t, 2)) as [Host, Host]
  const start = (host: Host, other: Host) =>
    startProxy(host, { env: { NWS_MESH_PORT: '9010', NWS_PEERS: `${other.address}:9010` } })
  const [a, b] = await Promise.all([start(one, two), start(two, one)])
  const [alice, bob] = await Promise.all([a.join('webchat'), b.join('webchat')])
  await Promise.all([
    alice.hears({ action: 'connect', target: bob.id }),
    bob.hears({ action: 'connect', target: alice.id })
  ])
  for (let n = 0; n < 100; n++) alice.send({ action: 'broadcast', data: n })
  // Three dials to each other come and go within some seconds: the larger id's own comes after three.
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
  for (let n = 100; n < 200; n++) alice.send({ action: 'broadcast', data: n })
  await bob.hears({ action: 'broadcast', data: 199 })
  const numbers = bob
    .heard()
    .filter(({ action }) => action === 'broadcast')
    .map(({ data }) => data as number)
  t.ok(
    numbers.every((number, place) => place === 0 || number > numbers[place - 1]!),
    'no message comes twice, and none too late'
  )
  t.strictSame(
    numbers.slice(-100),
    Array.from({ length: 100 }, (_, n) => n + 100),
    'none is missing'
  )
  t.strictSame(
    bob
      .heard()
      .filter(({ action }) => action.includes('connect'))
      .map(({ action }) => action),
    ['connect'],
    'it is one remote'
  )
  const { channels } = await b.get<{ channels: { peers: object }[] }>('/api/channels')
  t.match(channels, [{ peers: { local: 1, remote: 1 } }])
})
