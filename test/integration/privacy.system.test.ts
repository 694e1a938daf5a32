// A listener on the network and a reader of the logs learn nothing of a channel's name. Every packet between two
// hosts is captured while proxies at the most talkative log level find each other, link, match and relay.
import { createHash } from 'node:crypto'
import sodium, { ready } from 'libsodium-wrappers-sumo'
import t from 'tap'
import { startCapture } from '../support/capture.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startProxy } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces', 'tcpdump')

await ready

/** Lower case base32 (RFC 4648) without padding. */
function base32(bytes: Buffer): string {
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('')
  return Array.from(
    bits.match(/.{5}/g) ?? [],
    group => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group, 2)]
  ).join('')
}

/** Every form in which a name, or a hash of it that needs no key, could stand in bytes. */
function formsOf(name: string): [string, Buffer][] {
  const forms: [string, Buffer][] = []
  const add = (label: string, bytes: Buffer) => {
    forms.push([label, bytes], [`${label}, hex`, Buffer.from(bytes.toString('hex'))])
    // What precedes it in a stream shifts the groups of base64 and base32: look at the inner characters of each shift.
    for (let shift = 0; shift < 3; shift++)
      forms.push([
        `${label}, base64 ${shift}`,
        Buffer.from(
          Buffer.concat([Buffer.alloc(shift), bytes])
            .toString('base64')
            .slice(4, -4)
        )
      ])
    for (let shift = 0; shift < 5; shift++)
      forms.push([
        `${label}, base32 ${shift}`,
        Buffer.from(base32(Buffer.concat([Buffer.alloc(shift), bytes])).slice(8, -8))
      ])
  }
  add('name', Buffer.from(name))
  for (const algorithm of [
    'md5',
    'sha1',
    'sha224',
    'sha256',
    'sha384',
    'sha512',
    'sha3-256',
    'blake2s256',
    'blake2b512'
  ]) {
    add(algorithm, createHash(algorithm).update(name).digest())
  }
  add('BLAKE2b-256', Buffer.from(sodium.crypto_generichash(32, name, null)))
  // The first bytes of a hash could stand as a tag.
  for (const [label, bytes] of [...forms])
    if (/^(?!name)[\w-]+$/.test(label)) forms.push([`${label}, first 8 bytes`, bytes.subarray(0, 8)])
  return forms
}

/** Labels of the forms that are found. */
function found(name: string, haystack: Buffer): string[] {
  const lower = Buffer.from(haystack.toString('latin1').toLowerCase(), 'latin1')
  return formsOf(name)
    .filter(
      ([, needle]) =>
        haystack.includes(needle) || lower.includes(Buffer.from(needle.toString('latin1').toLowerCase(), 'latin1'))
    )
    .map(([label]) => label)
}

t.test('a name in any form is found where it stands', async t => {
  const name = 'canary-0123456789-of-the-search'
  for (const [label, bytes] of formsOf(name)) {
    const around = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')])
    t.ok(found(name, around).includes(label), label)
  }
  t.strictSame(found(name, Buffer.from('nothing of it')), [])
})

t.test('no name in packets and logs', { skip }, async t => {
  const {
    hosts: [one, two]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  const capture = await startCapture(t, one)
  const env = { NWS_LOG_LEVEL: 'trace' }
  const [a, b] = await Promise.all([startProxy(one, { env }), startProxy(two, { env })])
  const names = ['webchat-canary-guessable', 'canary7strong7abcdefghijklmnopqrstuvwxyz']
  const sentence = 'what-is-said-in-the-channel'
  for (const name of names) {
    const [alice, bob] = await Promise.all([a.join(name), b.join(name)])
    await Promise.all([
      alice.hears({ action: 'connect', target: bob.id }),
      bob.hears({ action: 'connect', target: alice.id })
    ])
    alice.send({ action: 'broadcast', data: sentence })
    await bob.hears({ action: 'broadcast', data: sentence })
    bob.send({ action: 'message', target: alice.id, data: sentence })
    await alice.hears({ action: 'message', data: sentence })
    await b.request(
      'POST',
      `/api/channels/${name}/messages`,
      { 'Content-Type': 'application/json' },
      JSON.stringify({ data: sentence })
    )
    await bob.leave()
  }
  // A name of which nobody else knows, and one that is refused.
  await a.join('canary-that-nobody-shares')
  await a.request('GET', '/api/channels/canary-that-is-not-open')

  // In the clear, as the original did it: the same search has to find this.
  const control = 'canary-in-the-clear-as-a-control'
  await a.raw(two.address, b.meshPort, `GET /${control} HTTP/1.1\r\nHost: x\r\n\r\n`)

  await capture.settle()
  const packets = capture.bytes()
  t.ok(packets.length > 5000, `${packets.length} bytes were captured`)
  t.ok(found(control, packets).includes('name'), 'a name in the clear is found')
  for (const name of [...names, 'canary-that-nobody-shares', 'canary-that-is-not-open', sentence])
    t.strictSame(found(name, packets), [], 'nothing in the packets')
  for (const id of [a, b]) {
    t.ok(packets.includes(Buffer.from(id.proxyId)), 'the advertisement was captured')
    t.match(id.program.output(), /"level":(10|20)/, 'the log is talkative')
    for (const name of [...names, 'canary-that-nobody-shares', 'canary-that-is-not-open'])
      t.strictSame(found(name, Buffer.from(id.program.output())), [], 'nothing in the log')
  }
})

t.test('two runs share no label, and TXT says v=3 only', { skip }, async t => {
  const {
    hosts: [one]
  } = (await createNetwork(t, 1)) as unknown as { hosts: [Host] }
  const runs: Set<string>[] = []
  for (let run = 0; run < 2; run++) {
    const capture = await startCapture(t, one)
    const proxy = await startProxy(one)
    await proxy.until<{ discovery: { state: string } }>('/api/health', ({ discovery }) => discovery.state === 'ok')
    await proxy.program.kill()
    await capture.settle()
    await capture.stop()
    const packets = capture.bytes().toString('latin1')
    // Length-prefixed labels of 16 characters (host) and 26 (instance) of base32.
    const labels = new Set(
      [...packets.matchAll(/\x10([a-z2-7]{16})(?:\x05local|\xc0)|\x1a([a-z2-7]{26})(?:\x04_nws|\xc0)/g)].map(
        match => match[1] ?? match[2]!
      )
    )
    t.equal(labels.size, 2, 'a host and an instance')
    t.ok(labels.has(proxy.proxyId))
    t.match(packets, /\x00\x04\x03v=3/, 'a TXT record of four bytes')
    t.strictSame(new Set([...packets.matchAll(/\x04\x03(v=.)/g)].map(match => match[1])), new Set(['v=3']))
    runs.push(labels)
  }
  for (const label of runs[0]!) t.notOk(runs[1]!.has(label), 'another one in the second run')
})
