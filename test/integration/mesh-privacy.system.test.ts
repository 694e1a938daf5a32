// Nothing on the network or in a log tells the name of a channel, or one run of a proxy from another: a whole story
// between hosts is recorded and searched, by a search that is shown to find what is there.
import { decode } from 'dns-packet'
import { hostname } from 'node:os'
import t from 'tap'
import { startCapture, streamsOf } from '../support/capture.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startProxy } from '../support/proxies.ts'
import { formsOf, namesHost, tracesOf } from '../support/traces.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces', 'tcpdump')

const env = { NWS_LOG_LEVEL: 'trace' }
/** Guessable and strong, shared by both, of one side only, used by all kinds of clients. */
const names = {
  shared: 'family-album-of-1962',
  private: 'k3jx7wq2mfz5ra4tyh6bn2ucdeogslp7',
  onlyHere: 'a-name-that-nobody-shares',
  published: 'published-by-http-only',
  old: 'a-channel-of-older-pages',
  refused: 'name-with-a-slash-at-its-end',
  long: 'n'.repeat(120) + '0123456789'.repeat(13)
}
/** Names of the two computers, which only the other end of their link learns. */
const computers = { a: 'the-kitchen-of-grandmother', b: 'a-laptop-under-the-sofa' }
const canary = 'canary-in-a-coal-mine'
/** The end of bytes that are sent in clear, long enough to find them again. */
const HASH_TAIL = 30
const payload = 'what-they-say-to-each-other'

t.test('[R6, R9] no name in any packet or log', { skip, timeout: 180_000 }, async t => {
  const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
  const capture = await startCapture(t, one)
  const [a, b] = await Promise.all([
    startProxy(one, { env: { ...env, NWS_NAME: computers.a } }),
    startProxy(two, { env: { ...env, NWS_NAME: computers.b } })
  ])
  await Promise.all([a.linkedTo([b]), b.linkedTo([a])])

  for (const channel of [names.shared, names.private, names.long]) {
    const [alice, bob] = await Promise.all([a.join(channel), b.join(channel)])
    await Promise.all([
      alice.hears({ action: 'connect', target: bob.id }),
      bob.hears({ action: 'connect', target: alice.id })
    ])
    alice.send({ action: 'broadcast', data: payload })
    bob.send({ action: 'message', target: alice.id, data: { payload } })
    bob.send({ action: 'nonsense', target: channel })
    await Promise.all([
      bob.hears({ action: 'broadcast' }),
      alice.hears({ action: 'message' }),
      bob.hears({ action: 'error' })
    ])
    await alice.leave()
    await bob.hears({ action: 'disconnect' })
    await a.join(channel)
  }
  const knows = ({ links }: { links: { proxyName?: string }[] }, name: string) => links[0]?.proxyName === name
  await a.until<{ links: [] }>('/api/links', answer => knows(answer, computers.b))
  await b.until<{ links: [] }>('/api/links', answer => knows(answer, computers.a))
  await a.join(names.onlyHere)
  await b.request('GET', `/broadcast/${names.old}`)
  await a.request(
    'POST',
    `/api/channels/${names.published}/messages`,
    { 'content-type': 'application/json' },
    JSON.stringify({ data: payload })
  )
  await a.request('GET', `/${names.refused}/`)
  await a.request('GET', `/api/channels/${names.refused}`)
  await b.request('GET', `/${names.shared}`, { host: 'evil.example' })
  await a.program.kill('SIGTERM')
  const again = await startProxy(one, { env })
  await Promise.all([again.linkedTo([b]), b.linkedTo([again])])
  const back = await again.join(names.shared)
  await back.hears({ action: 'connect' })

  // In clear, in every form that the search knows, over the same interface: it is found, so the rest would have been.
  const clear = Buffer.concat(formsOf(canary).flatMap(({ bytes }) => [bytes, Buffer.from(' ')]))
  await b.raw(one.address, again.meshPort, clear)
  await capture.holds(clear.subarray(-HASH_TAIL))
  await b.program.kill('SIGTERM')
  await capture.stop()

  const packets = capture.packets()
  const recorded = [capture.bytes(), ...streamsOf(packets)]
  t.strictSame(
    new Set(recorded.flatMap(bytes => tracesOf(canary, bytes))),
    new Set(formsOf(canary).map(({ what }) => what)),
    'the search finds what is there'
  )
  const logs = Buffer.from([a, b, again].map(({ program }) => program.output()).join('\n'))
  t.match(logs.toString(), /channel matched/, 'they are full')
  for (const secret of [...Object.values(names), ...Object.values(computers), payload]) {
    t.strictSame(
      recorded.flatMap(bytes => tracesOf(secret, bytes)),
      [],
      'no packet tells it'
    )
    t.strictSame(tracesOf(secret, logs), [], 'no log tells it')
  }

  const mdns = packets
    .filter(({ kind, ports }) => kind === 'udp' && ports.includes(5353))
    .map(({ payload }) => decode(payload))
  t.notOk(
    mdns.some(({ authorities = [] }) => authorities.length > 0),
    'no time is spent on probing for random names'
  )
  const records = mdns.flatMap(({ answers = [], additionals = [], authorities = [] }) => [
    ...answers,
    ...additionals,
    ...authorities
  ])
  const texts = records.flatMap(record =>
    record.type === 'TXT' ? [record.data].flat().map(text => Buffer.from(text as Buffer).toString()) : []
  )
  t.ok(texts.length > 0)
  t.strictSame(new Set(texts), new Set(['v=3']), 'the one thing that is said')
  const labelsOf = (id: string) => {
    const services = records.flatMap(record => (record.type === 'SRV' && record.name.startsWith(id) ? [record] : []))
    t.ok(services.length > 0)
    return new Set(services.flatMap(({ name, data }) => [...name.split('.'), ...data.target.split('.')]))
  }
  const [first, second] = [labelsOf(a.proxyId), labelsOf(again.proxyId)]
  t.strictSame(
    [...first].filter(label => second.has(label)),
    ['_nws', '_tcp', 'local'],
    'two runs share no label'
  )
  t.ok(namesHost(JSON.stringify({ target: `${hostname()}.local` })), 'it would be found')
  t.notOk(
    mdns.some(packet => namesHost(JSON.stringify(packet))),
    'nor is the host named'
  )
})
