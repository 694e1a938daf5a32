// The table of heard records: its reports, its questions, its forgetting; and nobody can make it grow. Pure;
// the clock is a number.
import t from 'tap'
import { parseAddress, sourceFrom, type Surroundings } from '../../../src/core/dns-sd/address-policy.ts'
import { remoteTableLimits, SERVICE_TYPE, type RemoteTableLimits } from '../../../src/core/dns-sd/constants.ts'
import { RemoteTable } from '../../../src/core/dns-sd/remote-table.ts'
import { instanceOf, type DiscoveryRecord } from '../../../src/core/dns-sd/records.ts'

const here: Surroundings = {
  networks: [{ address: parseAddress('10.0.0.1')!, prefixLength: 16 }],
  own: new Set(['10.0.0.1', '127.0.0.1'])
}
const ownId = 'o'.repeat(25) + 'a'
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** The id of a number. */
function idOf(number: number): string {
  return [...Array.from({ length: 25 }, (_, index) => alphabet[Math.floor(number / 32 ** index) % 32]!), 'a'].join('')
}

interface Claim {
  host?: string
  port?: number
  ttl?: number
  address?: string
  addresses?: string[]
  version?: string
  without?: ('PTR' | 'SRV' | 'TXT' | 'A')[]
  flush?: boolean
}

/** The records of a proxy. */
function claims(
  id: string,
  {
    host = `h${id}.local`,
    port = 4000,
    ttl = 120,
    address = '10.0.0.2',
    addresses = [address],
    version = '3',
    without = [],
    flush = true
  }: Claim = {}
): DiscoveryRecord[] {
  const base = { ttl, flush }
  const records: DiscoveryRecord[] = [
    { ...base, type: 'PTR', name: SERVICE_TYPE, ttl: ttl === 0 ? 0 : 4500, target: instanceOf(id) },
    { ...base, type: 'SRV', name: instanceOf(id), target: host, port },
    { ...base, type: 'TXT', name: instanceOf(id), pairs: new Map([['v', version]]) },
    ...addresses.map(address => ({
      ...base,
      type: address.includes(':') ? ('AAAA' as const) : ('A' as const),
      name: host,
      address
    }))
  ]
  return records.filter(({ type }) => !(without as string[]).includes(type))
}

/** A table with a clock, fed and read in short sentences. */
function tableOf(limits: Partial<RemoteTableLimits> = {}) {
  const table = new RemoteTable({ ownId, random: () => 0, limits: { ...remoteTableLimits, ...limits } })
  let now = 0
  const words = (changes: ReturnType<RemoteTable['take']>) =>
    changes.map(change =>
      change.kind === 'own'
        ? `own ${change.seen}`
        : change.kind === 'lost'
          ? `lost ${change.id}`
          : `${change.kind} ${change.remote.id} ${change.remote.addresses.map(({ address, port }) => `${address}:${port}`).join(' ')}`
    )
  return {
    table,
    get now() {
      return now
    },
    hear: (records: DiscoveryRecord[], from = '10.0.0.2') => words(table.take(records, sourceFrom(from)!, here, now)),
    wait: (ms: number) => {
      now += ms
      return words(table.expire(now))
    },
    asks: (limit = 100) => table.questions(now, limit).map(({ type, name }) => `${type} ${name}`)
  }
}

const A = idOf(1)
const B = idOf(2)

t.test('a proxy is found once it is complete, whatever the order and however split', async t => {
  const all = claims(A)
  const { hear } = tableOf()
  t.strictSame(hear(all), [`found ${A} 10.0.0.2:4000`], 'in one packet')
  t.strictSame(hear(all), [], 'again: no news')
  t.strictSame(tableOf().hear(all.toReversed()), [`found ${A} 10.0.0.2:4000`], 'addresses before the service')
  const split = tableOf()
  t.strictSame(
    all.map(record => split.hear([record]).length),
    [0, 0, 0, 1],
    'a packet each'
  )
  t.strictSame(tableOf().hear(claims(A, { without: ['PTR'] })), [`found ${A} 10.0.0.2:4000`], 'without the pointer')
})

t.test('what is missing is asked for, and dropped after 15 s', async t => {
  const { hear, asks, wait, table } = tableOf()
  hear(claims(A, { without: ['SRV', 'TXT', 'A'] }))
  t.strictSame(asks(), [], 'not at once: the rest may be under way')
  t.equal(table.nextDeadline, 20)
  wait(20)
  t.strictSame(asks(), [`SRV ${instanceOf(A)}`, `TXT ${instanceOf(A)}`])
  t.strictSame(asks(), [], 'asked')
  hear(claims(A, { without: ['PTR', 'TXT', 'A'] }))
  wait(1000)
  t.strictSame(asks(), [`TXT ${instanceOf(A)}`, `A h${A}.local`, `AAAA h${A}.local`])
  t.equal(wait(13_979).length, 0)
  t.equal(table.size, 1)
  wait(1)
  t.equal(table.size, 0, 'dropped 15 s after it came')
  t.equal(table.nextDeadline, Infinity)
})

t.test('only proxies of this version are reported, and ids in their one form', async t => {
  for (const version of ['1', '2', '33', '']) t.strictSame(tableOf().hear(claims(A, { version })), [], `v=${version}`)
  for (const id of ['printer', 'x (2)', A.toUpperCase(), `${A}.${A}`, `${A.slice(0, -1)}b`, `a.${A.slice(2)}`]) {
    const { hear, table } = tableOf()
    t.strictSame(hear(claims(id)), [], id)
    t.equal(table.size, 0, 'takes no place')
  }
  t.strictSame(tableOf().hear(claims(A, { port: 1023 })), [], 'a port below 1024')
  t.strictSame(tableOf().hear(claims(A, { port: 0 })), [], 'port 0')
})

t.test('a version once heard is not taken back by a forged record', async t => {
  const { hear } = tableOf()
  hear(claims(A))
  t.strictSame(hear(claims(A, { version: '9' }), '10.0.0.66'), [])
})

t.test('a goodbye counts after 1 s unless the proxy speaks again, and only from where the proxy is', async t => {
  const { hear, wait } = tableOf()
  hear(claims(A))
  t.strictSame(hear(claims(A, { ttl: 0 }), '10.0.0.66'), [], 'a stranger')
  t.strictSame(wait(1000), [], 'is not believed')
  t.strictSame(hear(claims(A, { ttl: 0 })), [], 'the proxy itself')
  t.strictSame(wait(999), [])
  t.strictSame(hear(claims(A)), [], 'it was a restart')
  t.strictSame(wait(1000), [])
  hear(claims(A, { ttl: 0 }))
  t.strictSame(wait(1000), [`lost ${A}`])
  t.strictSame(hear(claims(A, { ttl: 0 })), [], 'a goodbye of nobody')
})

t.test('an address that a stranger has named gives no right to a goodbye', async t => {
  const { hear, wait } = tableOf()
  hear(claims(A))
  const address = { ttl: 120, flush: false, type: 'A' as const, name: `h${A}.local`, address: '10.0.0.66' }
  hear([address], '10.0.0.66')
  hear(claims(A, { without: ['PTR', 'A'], address: '10.0.0.66' }), '10.0.0.66')
  hear(claims(A, { ttl: 0 }), '10.0.0.66')
  t.strictSame(wait(1000), [], 'not of its own address, nor after the same service')
  hear([{ ...address, address: '10.0.0.3' }])
  hear(claims(A, { ttl: 0 }), '10.0.0.3')
  t.strictSame(wait(1000), [`lost ${A}`], 'the proxy has named this address itself')
})

t.test('a service is refreshed at 80, 85, 90 and 95 % of its time and lost at its end', async t => {
  const { hear, wait, asks, table } = tableOf()
  hear(claims(A))
  t.equal(table.nextDeadline, 96_000)
  const asked: [number, string[]][] = []
  let time = 0
  for (const at of [95_999, 96_000, 102_000, 108_000, 114_000, 119_999]) {
    t.strictSame(wait(at - time), [])
    time = at
    const questions = asks()
    if (questions.length > 0) asked.push([at, questions])
  }
  t.strictSame(
    asked,
    [
      [96_000, [`SRV ${instanceOf(A)}`]],
      ...[102_000, 108_000, 114_000].map(at => [at, [`SRV ${instanceOf(A)}`, `A h${A}.local`]])
    ],
    'the first time the service alone, whose answer brings the address along'
  )
  t.strictSame(wait(1), [`lost ${A}`])
  t.equal(table.size, 0)
})

t.test('any answer that goes by refreshes, so that of many proxies one has to ask', async t => {
  const { hear, wait, asks } = tableOf()
  hear(claims(A))
  wait(90_000)
  hear(claims(A, { without: ['PTR', 'TXT'] }))
  wait(90_000)
  t.strictSame(asks(), [])
  wait(6000)
  t.strictSame(asks(), [`SRV ${instanceOf(A)}`])
})

t.test('lifetimes are held between 10 and 120 s', async t => {
  const short = tableOf()
  short.hear(claims(A, { ttl: 1 }))
  t.equal(short.table.nextDeadline, 8000)
  const long = tableOf()
  long.hear(claims(A, { ttl: 2_000_000_000 }))
  t.strictSame(long.wait(120_000), [`lost ${A}`])
})

t.test('addresses are a set: a second interface adds, its end removes, the first heard stays first', async t => {
  const { hear, wait, table } = tableOf()
  hear(claims(A))
  wait(500)
  t.strictSame(hear(claims(A, { address: '10.0.1.2' }), '10.0.1.2'), [`updated ${A} 10.0.0.2:4000 10.0.1.2:4000`])
  wait(10_000)
  t.strictSame(hear(claims(A, { address: '10.0.1.2' }), '10.0.1.2'), [], 'refreshed')
  wait(5000)
  t.strictSame(hear(claims(A, { address: '10.0.0.2' })), [], 'the one does not push out the other')
  t.strictSame(wait(115_000 + 1), [`updated ${A} 10.0.0.2:4000`], 'the one not heard of for 120 s is gone')
  t.strictSame(table.remotes.get(A)?.addresses, [{ address: '10.0.0.2', port: 4000 }])
})

t.test('a host that says of itself that its address changed is believed after 1 s', async t => {
  const { hear, wait } = tableOf()
  hear(claims(A, { address: '10.0.0.3' }))
  wait(2000)
  t.strictSame(hear(claims(A, { address: '10.0.0.4' })), [`updated ${A} 10.0.0.3:4000 10.0.0.4:4000`])
  t.strictSame(wait(1000), [`updated ${A} 10.0.0.4:4000`])
})

t.test('the address that a packet came from is tried first, and forged ones cannot push it out', async t => {
  const { hear, table, wait } = tableOf()
  hear(claims(A, { address: '10.0.0.66', host: 'h.local' }), '10.0.0.77')
  hear(claims(A, { host: 'h.local' }))
  t.equal(table.remotes.get(A)?.addresses[0]?.address, '10.0.0.2')
  for (let last = 100; last < 200; last++) {
    wait(2)
    hear(claims(A, { host: 'h.local', address: `10.0.0.${last}` }), '10.0.0.66')
  }
  t.equal(table.remotes.get(A)?.addresses.length, 8, 'no more than 8')
  t.equal(table.remotes.get(A)?.addresses[0]?.address, '10.0.0.2')
})

t.test('host and port of an id stand: a later claim does not move it', async t => {
  const { hear } = tableOf()
  hear(claims(A))
  t.strictSame(hear(claims(A, { host: 'evil.local', port: 6666, address: '10.0.0.66' }), '10.0.0.66'), [])
})

t.test('services of one host share its addresses', async t => {
  const { hear } = tableOf()
  t.strictSame(hear([...claims(A, { host: 'h.local', without: ['A'] }), ...claims(B, { host: 'h.local' })]), [
    `found ${A} 10.0.0.2:4000`,
    `found ${B} 10.0.0.2:4000`
  ])
})

t.test('records of other names and addresses nobody asked for take no place', async t => {
  const { hear, table } = tableOf()
  const base = { ttl: 120, flush: true }
  hear([
    { ...base, type: 'A', name: 'somebody.local', address: '10.0.0.9' },
    { ...base, type: 'PTR', name: '_http._tcp.local', target: instanceOf(A) },
    { ...base, type: 'PTR', name: SERVICE_TYPE, target: `${A}._http._tcp.local` },
    { ...base, type: 'SRV', name: `${A}._http._tcp.local`, target: 'h.local', port: 80 },
    { ...base, type: 'TXT', name: '__proto__', pairs: new Map([['__proto__', 'x']]) },
    { ...base, type: 'PTR', name: SERVICE_TYPE, target: `__proto__.${SERVICE_TYPE}` }
  ])
  t.equal(table.size, 0)
})

t.test('senders off the link are not heard at all', async t => {
  const { hear, table } = tableOf()
  hear(claims(A, { address: '10.0.0.2' }), '198.51.100.7')
  t.equal(table.size, 0)
})

t.test('this proxy is never reported; its advertisement counts as seen only from this machine', async t => {
  const { hear, wait, table } = tableOf()
  t.strictSame(hear(claims(ownId), '10.0.0.66'), [], 'an echo')
  t.equal(table.size, 0)
  t.strictSame(hear(claims(ownId, { address: '10.0.0.1' }), '10.0.0.1'), ['own true'])
  t.strictSame(hear(claims(ownId, { address: '10.0.0.1' }), '10.0.0.1'), ['own true'], 'each time')
  wait(60_000)
  t.strictSame(hear(claims(ownId), '10.0.0.66'), [], 'an echo does not prolong it')
  t.strictSame(wait(60_000), ['own false'])
  t.equal(table.remotes.size, 0)
})

t.test('known proxies are listed in questions for half of their time', async t => {
  const { hear, table, wait } = tableOf()
  hear(claims(A))
  t.strictSame(table.knownAnswers(1000), [{ name: instanceOf(A), ttl: 4499 }])
  t.strictSame(table.knownAnswers(2_251_000), [], 'then they may answer again')
  hear(claims(B, { without: ['PTR'] }))
  t.equal(table.knownAnswers(0).length, 1, 'a pointer that was not heard is not claimed')
  wait(0)
})

t.test('one sender holds 16 ids: the oldest without a link leaves, but not within 10 s', async t => {
  const { hear, table, wait } = tableOf()
  for (let number = 1; number <= 16; number++) hear(claims(idOf(number)))
  table.setLinked(idOf(1), true)
  t.strictSame(hear(claims(idOf(17))), [], 'too early: it cannot make us dial without end')
  wait(10_000)
  t.strictSame(hear(claims(idOf(17))), [`lost ${idOf(2)}`, `found ${idOf(17)} 10.0.0.2:4000`], 'the linked one stays')
  t.equal(table.size, 16)
  t.strictSame(
    hear(claims(idOf(18), { address: '10.0.0.3' }), '10.0.0.3'),
    [`found ${idOf(18)} 10.0.0.3:4000`],
    'another sender has its own share'
  )
  for (let number = 1; number <= 18; number++) table.setLinked(idOf(number), true)
  wait(10_000)
  t.strictSame(hear(claims(idOf(19))), [], 'all linked: no room')
  table.setLinked(idOf(5), false)
  t.strictSame(hear(claims(idOf(19))), [`lost ${idOf(5)}`, `found ${idOf(19)} 10.0.0.2:4000`])
})

t.test('this machine holds 256', async t => {
  const { hear, table } = tableOf({ all: 1000 })
  for (let number = 1; number <= 300; number++) hear(claims(idOf(number), { address: '127.0.0.1' }), '127.0.0.1')
  t.equal(table.size, 256)
})

t.test('256 ids in all: the sender with most gives way, never a linked one, never this proxy', async t => {
  const { hear, table, wait } = tableOf()
  hear(claims(ownId, { address: '10.0.0.1' }), '10.0.0.1')
  hear(claims(A))
  hear(claims(B, { address: '10.0.0.3' }), '10.0.0.3')
  table.setLinked(A, true)
  for (let number = 100; number < 10_100; number++) {
    wait(5)
    const address = `10.0.10.${1 + (number % 30)}`
    hear(claims(idOf(number), { address }), address)
  }
  t.equal(table.size, 257, 'and this proxy')
  t.ok(table.remotes.has(A), 'the linked one stays')
  t.ok(table.remotes.has(B), 'the only one of its sender stays')
  for (let number = 20_000; number < 30_000; number++) {
    const address = `10.0.${20 + (number % 200)}.${1 + (Math.floor(number / 200) % 200)}`
    hear(claims(idOf(number), { address }), address)
  }
  t.equal(table.size, 257)
  t.ok(table.remotes.has(A), 'the linked one stays even when every packet claims another sender')
  t.strictSame(
    hear(claims(idOf(5), { address: '10.0.0.9' }), '10.0.0.9').slice(-1),
    [`found ${idOf(5)} 10.0.0.9:4000`],
    'a new proxy is found after the flood'
  )
})

t.test('questions come in bounded numbers, and none is forgotten', async t => {
  const { hear, wait, asks } = tableOf()
  for (let number = 1; number <= 16; number++) hear(claims(idOf(number), { without: ['SRV', 'TXT', 'A'] }))
  wait(20)
  const asked = new Set<string>()
  for (let round = 0; round < 8; round++) {
    const questions = asks(5)
    t.ok(questions.length <= 5)
    for (const question of questions) asked.add(question)
  }
  t.equal(asked.size, 32)
})
