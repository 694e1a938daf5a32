// What channels promise between hosts: real proxies on hosts of their own, found by multicast. Not how they find each
// other (mesh-hosts.test.ts).
import t, { type Test } from 'tap'
import { createNetwork } from '../support/namespaces.ts'
import { startProxy, type Heard, type Member, type ProxyProcess } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')
const json = { 'content-type': 'application/json' }

/** So many proxies on hosts of their own, all linked. */
async function startMesh(t: Test, count: number): Promise<ProxyProcess[]> {
  const { hosts } = await createNetwork(t, count)
  const proxies = await Promise.all(hosts.map(async host => await startProxy(host)))
  await Promise.all(proxies.map(async proxy => await proxy.linkedTo(proxies.filter(other => other !== proxy))))
  return proxies
}

/** Joins a channel on each proxy and resolves when everybody has heard of everybody. */
async function meet(proxies: readonly ProxyProcess[], channel: string, query = ''): Promise<Member[]> {
  const members = await Promise.all(proxies.map(async proxy => await proxy.join(channel, query)))
  for (const member of members)
    for (const other of members)
      if (other !== member) await member.hears({ action: 'connect', source: member.id, target: other.id })
  return members
}

const without = (heard: readonly Heard[]) => heard.filter(({ action }) => action !== 'status')

t.jobs = 3

t.test('messages, presence and what the API says', { skip, buffered: true }, async t => {
  const proxies = (await startMesh(t, 3)) as [ProxyProcess, ProxyProcess, ProxyProcess]
  const [a, b, c] = proxies
  const [alice, bob, carol] = (await meet(proxies, 'webchat')) as [Member, Member, Member]

  alice.send({ action: 'broadcast', data: { n: 1.5, text: 'grüße \u0001' } })
  for (const member of [bob, carol])
    await member.hears({ action: 'broadcast', source: alice.id, data: { n: 1.5, text: 'grüße \u0001' } })
  carol.send({ action: 'message', target: bob.id, data: null })
  t.strictSame(await bob.hears({ action: 'message' }), {
    action: 'message',
    source: carol.id,
    target: bob.id,
    data: null
  })
  carol.send({ action: 'message', target: 'nobody', data: 1 })
  await carol.hears({ action: 'error', code: 'NWS_ERR_PEER_NOT_FOUND' })
  alice.send({ action: 'broadcast', data: 'x'.repeat(1_000_000) })
  const long = await bob.hears({ action: 'broadcast', data: 'x'.repeat(1_000_000) })
  t.equal((long.data as string).length, 1_000_000, 'a message in many fragments')
  await carol.hears({ action: 'broadcast', data: 'x'.repeat(1_000_000) })
  await Promise.all([alice, bob, carol].map(async member => await member.fence()))
  t.strictSame(
    without(alice.heard()).map(({ action, source }) => [action, source]),
    [
      ['connect', alice.id],
      ['connect', alice.id]
    ],
    'nobody hears himself, or what is for another'
  )
  t.equal(without(carol.heard()).filter(({ action }) => action === 'message').length, 0)

  const { channels } = await a.get<{ channels: object[] }>('/api/channels')
  t.match(channels, [{ name: 'webchat', scope: 'network', peers: { local: 1, remote: 2 }, messages: 2 }])
  const { peers } = await a.get<{ peers: { id: string; location: string; proxy: string; dialect: string }[] }>(
    '/api/peers'
  )
  t.strictSame(
    new Map(peers.map(({ id, location, proxy }) => [id, `${location} ${proxy}`])),
    new Map([
      [alice.id, `local ${a.proxyId}`],
      [bob.id, `remote ${b.proxyId}`],
      [carol.id, `remote ${c.proxyId}`]
    ])
  )
  const health = await a.until<{ discovery: { state: string } }>(
    '/api/health',
    ({ discovery }) => discovery.state !== 'starting'
  )
  t.match(health, {
    status: 'ok',
    proxyId: a.proxyId,
    channels: 1,
    peers: 3,
    discovery: { state: 'ok', interfaces: ['eth0'] },
    mesh: { port: a.meshPort, links: 2 }
  })
  for (const link of await a.links()) {
    t.match(link, { state: 'open', channels: ['webchat'], messages: { out: 2 } })
    t.ok(
      link.rttMs! >= 0 && link.bytes.out > 2_000_000 / 2 && link.bytes.in > 0 && Date.parse(link.since) <= Date.now()
    )
    t.match(link.address, link.proxyId === b.proxyId ? /^10\.77\.0\.2:\d+$/ : /^10\.77\.0\.3:\d+$/)
  }

  await bob.leave()
  t.strictSame(await alice.hears({ action: 'disconnect' }), { action: 'disconnect', source: alice.id, target: bob.id })
  await carol.hears({ action: 'disconnect', source: carol.id, target: bob.id })
  const again = await b.join('webchat')
  await alice.hears({ action: 'connect', source: alice.id, target: again.id })
  await again.hears({ action: 'connect', source: again.id, target: alice.id })
})

t.test('binary, old clients, HTTP, and channels that do not meet', { skip, buffered: true }, async t => {
  const proxies = (await startMesh(t, 2)) as [ProxyProcess, ProxyProcess]
  const [a, b] = proxies
  const [alice, bob] = (await meet(proxies, 'bytes', '?binary=1')) as [Member, Member]
  const payload = Buffer.from([0, 255, 1, 254])
  alice.send(Buffer.concat([Buffer.from([3, 0]), payload]))
  const head = (op: number, source: string) => Buffer.concat([Buffer.from([op, source.length]), Buffer.from(source)])
  t.strictSame((await bob.hearsBinary(head(3, alice.id))).subarray(2 + alice.id.length), payload)
  bob.send(Buffer.concat([head(4, alice.id), payload]))
  t.strictSame((await alice.hearsBinary(head(4, bob.id))).subarray(2 + bob.id.length), payload)
  const text = await b.join('bytes')
  await alice.hears({ action: 'connect', target: text.id })
  alice.send(Buffer.concat([Buffer.from([3, 0]), payload]))
  await text.hears({ action: 'broadcast', source: alice.id, data: { $binary: payload.toString('base64') } })

  const listener = await b.join('by-http')
  const published = await a.request('POST', '/api/channels/by-http/messages?waitMs=30000', json, '{"data":[1.0]}')
  t.match(
    { ...published, body: JSON.parse(published.body) as unknown },
    { status: 200, body: { delivered: { local: 0, remote: 1 } } }
  )
  const { peer } = JSON.parse(published.body) as { peer: string }
  t.strictSame(
    await listener.hears({ action: 'broadcast' }),
    { action: 'broadcast', source: peer, data: [1] },
    'the channel was opened for it, and matched in time'
  )
  await listener.hears({ action: 'disconnect', target: peer })
  const alone = await a.request('POST', '/api/channels/nobody-there/messages?waitMs=50', json, '{"data":1}')
  t.match(JSON.parse(alone.body), { delivered: { local: 0, remote: 0 } })

  const [raw, envelope] = await Promise.all([a.join('here'), b.join('Here')])
  const local = await a.join('local-only')
  t.equal((await a.request('POST', '/api/channels/local-only/messages?scope=local', json, '{"data":1}')).status, 200)
  // What they would hear would have come before this.
  const [fenceA, fenceB] = (await meet(proxies, 'fence')) as [Member, Member]
  fenceA.send({ action: 'broadcast', data: 1 })
  await fenceB.hears({ action: 'broadcast' })
  for (const member of [raw, envelope, local])
    t.strictSame(without(member.heard()), [], 'capitals count, and local channels stay local')
})

t.test('each sender keeps its order while members come and go', { skip, buffered: true }, async t => {
  const proxies = (await startMesh(t, 3)) as [ProxyProcess, ProxyProcess, ProxyProcess]
  const [alice, bob, carol] = (await meet(proxies, 'busy')) as [Member, Member, Member]
  const [, b, c] = proxies
  const senders = [alice, bob]
  const rounds = 12
  const perRound = 25
  const guests: Member[] = []
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    const coming = [b, c].map(async proxy => await proxy.join('busy'))
    for (let i = 0; i < perRound; i++, sent++)
      for (const sender of senders) sender.send({ action: 'broadcast', data: sent })
    const came = await Promise.all(coming)
    guests.push(...came)
    await Promise.all(
      came.map(async (guest, place) => await guest.hears({ action: 'connect', target: senders[place]!.id }))
    )
    const leaving = came.map(async guest => await guest.leave())
    for (let i = 0; i < perRound; i++, sent++)
      for (const sender of senders) sender.send({ action: 'broadcast', data: sent })
    await Promise.all(leaving)
  }
  for (const [member, sender] of [
    [alice, bob],
    [bob, alice],
    [carol, alice],
    [carol, bob]
  ] as const) {
    await member.hears({ action: 'broadcast', source: sender.id, data: sent - 1 })
    const numbers = member
      .heard()
      .filter(({ action, source }) => action === 'broadcast' && source === sender.id)
      .map(({ data }) => data)
    t.strictSame(
      numbers,
      Array.from({ length: sent }, (_, n) => n),
      'who stays hears each message once and in order'
    )
  }
  for (const guest of guests) {
    for (const sender of senders) {
      const story = guest
        .heard()
        .filter(
          ({ action, source, target }) =>
            (action === 'broadcast' ? source : action.includes('connect') ? target : undefined) === sender.id
        )
      t.equal(story[0]?.action ?? 'connect', 'connect', 'nothing comes before connect')
      const numbers = story.slice(1).map(({ data }) => data as number)
      t.ok(
        numbers.every((number, place) => number === numbers[0]! + place),
        'who comes and goes misses nothing in between'
      )
    }
  }
  await carol.fence()
  const presence = carol
    .heard()
    .filter(({ action, target }) => action.includes('connect') && guests.some(({ id }) => id === target))
  for (const { id } of guests) {
    await carol.hears({ action: 'disconnect', target: id })
    t.strictSame(
      presence
        .filter(({ target }) => target === id)
        .map(({ action }) => action)
        .slice(0, 1),
      ['connect']
    )
  }
})

t.test('the port for links serves nothing else', { skip, buffered: true }, async t => {
  const [a, b] = (await startMesh(t, 2)) as [ProxyProcess, ProxyProcess]
  const asked: [what: string, request: string][] = [
    ...['/', '/console', '/api/health', '/api/channels', '/.well-known/nws', '/webchat'].map(
      path => [`GET ${path}`, `GET ${path} HTTP/1.1\r\nHost: localhost:9009\r\n\r\n`] as [string, string]
    ),
    [
      'a message by POST',
      'POST /api/channels/webchat/messages HTTP/1.1\r\nHost: localhost:9009\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"data":1}'
    ]
  ]
  for (const [what, request] of asked)
    t.match(await b.raw(a.host.address, a.meshPort, request), { status: 0, body: '' }, what)
  t.match(
    await b.raw(a.host.address, 9009, 'GET /api/health HTTP/1.1\r\n\r\n'),
    { status: 0, body: '' },
    'the API is not there for other machines'
  )
  t.strictSame((await a.get<{ channels: object[] }>('/api/channels')).channels, [])
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])
})
