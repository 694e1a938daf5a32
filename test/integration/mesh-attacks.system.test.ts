// Strangers who know no name of a channel, and networks that stall, against real proxies on hosts of their own: nobody is
// kept from linking, matching or staying linked.
import { encode, type Answer } from 'dns-packet'
import t, { type Test } from 'tap'
import { createNetwork, type Host, type Program } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'
import { startProxy, type LinkSeen, type Member, type ProxyProcess } from '../support/proxies.ts'

const { skip } = needs('namespaces')
const STRONG = 'Strong-0123456789abcdefXYZ-qrs'
const MATCHED_MS = 5000
const LISTEN_PORT = 21_260

const pause = async (ms: number): Promise<void> =>
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })

async function stranger(host: Host, command: Record<string, unknown>): Promise<{ program: Program; id: string }> {
  const program = host.program('test/support/programs/stranger.ts', [JSON.stringify(command)])
  const { id } = await program.event('ready')
  return { program, id: id as string }
}

/** Gives a host so many more addresses. */
function addressesOf(host: Host, count: number): string[] {
  return Array.from({ length: count }, (_, place) => {
    const address = `10.77.0.${101 + place}`
    host.exec('ip', ['address', 'add', `${address}/24`, 'dev', 'eth0'])
    return address
  })
}

async function haveMet(one: Member, other: Member): Promise<void> {
  await Promise.all([
    one.hears({ action: 'connect', target: other.id }),
    other.hears({ action: 'connect', target: one.id })
  ])
}

const lost = (...members: Member[]) =>
  members.flatMap(member => member.heard().filter(({ action }) => action === 'disconnect'))

/** How long it takes until two proxies know that both have a strong name. */
async function matchingMs(t: Test, one: ProxyProcess, other: ProxyProcess): Promise<number> {
  const member = await one.join(STRONG)
  const begun = performance.now()
  await haveMet(member, await other.join(STRONG))
  const ms = performance.now() - begun
  t.comment(`matched after ${ms.toFixed(0)} ms`)
  return ms
}

t.test('a stranger whom both have dialled does not keep them apart', { skip, buffered: true }, async t => {
  const [one, two, three] = (await createNetwork(t, 3)).hosts as [Host, Host, Host]
  const [a, b] = await Promise.all([startProxy(one), startProxy(two)])
  const [alice, bob] = await Promise.all([a.join(STRONG), b.join(STRONG)])
  await haveMet(alice, bob)
  const { program, id } = await stranger(three, { do: 'listen', at: [three.address], port: LISTEN_PORT })
  const forger = three.program('test/support/programs/mdns.ts', ['quiet'])
  await forger.event('ready')
  const advertise = (instance: string): void => {
    const name = `${instance}._nws._tcp.local`
    const answers: Answer[] = [
      { type: 'PTR', name: '_nws._tcp.local', ttl: 4500, data: name },
      { type: 'SRV', name, ttl: 120, data: { target: 'stranger.local', port: LISTEN_PORT } },
      { type: 'TXT', name, ttl: 4500, data: ['v=3'] },
      { type: 'A', name: 'stranger.local', ttl: 120, data: three.address }
    ]
    forger.send({ send: encode({ type: 'response', id: 0, flags: 0x400, answers }).toString('base64') })
  }
  advertise(id)
  await Promise.all(
    [one, two].map(async ({ address }) => await program.event('open', event => String(event.address).endsWith(address)))
  )
  // It also says that the two are at its own address.
  for (const { proxyId } of [a, b]) advertise(proxyId)
  for (let i = 0; i < 3; i++) {
    const [before] = await a.links().then(links => links.filter(({ proxyId }) => proxyId === b.proxyId))
    one.exec('ss', ['-K', 'dst', two.address])
    await a.until<{ links: LinkSeen[] }>('/api/links', ({ links }) =>
      links.some(
        ({ proxyId, state, resumptions }) =>
          proxyId === b.proxyId && state === 'open' && resumptions > before!.resumptions
      )
    )
    alice.send({ action: 'broadcast', data: i })
    await bob.hears({ action: 'broadcast', data: i })
  }
  t.strictSame(lost(alice, bob), [], 'nobody is missed')
})

t.test('a network that stalls for some seconds ends nothing', { skip, buffered: true }, async t => {
  const [one, two] = (await createNetwork(t, 2)).hosts as [Host, Host]
  const env = { NWS_LOG_LEVEL: 'debug' }
  const [a, b] = await Promise.all([startProxy(one, { env }), startProxy(two, { env })])
  const [alice, bob] = await Promise.all([a.join('room-1'), b.join('room-1')])
  await haveMet(alice, bob)
  for (const ms of [2500, 4500]) {
    two.cut()
    const asked: Promise<unknown>[] = []
    for (const end = Date.now() + ms; Date.now() < end; await pause(120))
      asked.push(a.request('GET', '/api/channels/room-1/delivery?waitMs=8000&until=read'))
    two.heal()
    await Promise.all(asked)
    alice.send({ action: 'broadcast', data: ms })
    await bob.hears({ action: 'broadcast', data: ms })
  }
  t.strictSame(lost(alice, bob), [])
  for (const { program } of [a, b]) t.notMatch(program.output(), /Too many PING|for security/)
})

t.test('an honest strong name is matched beside rounds from twenty addresses', { skip, buffered: true }, async t => {
  const [one, two, three] = (await createNetwork(t, 3)).hosts as [Host, Host, Host]
  const env = { NWS_DISCOVERY: 'off' }
  const a = await startProxy(one, { env })
  const b = await startProxy(two, { env: { ...env, NWS_PEERS: `${one.address}:${a.meshPort}` } })
  await b.linkedTo([a])
  const from = addressesOf(three, 20)
  const { program } = await stranger(three, { do: 'flood', host: one.address, port: a.meshPort, from })
  const open = () => program.events.filter(({ event }) => event === 'open').length
  await program.event('open', () => open() >= from.length)
  t.ok((await matchingMs(t, a, b)) < MATCHED_MS)
})

t.test('an honest strong name is matched beside twelve that stall', { skip, buffered: true }, async t => {
  const [one, two, three] = (await createNetwork(t, 3)).hosts as [Host, Host, Host]
  const env = { NWS_DISCOVERY: 'off' }
  const at = addressesOf(three, 12)
  const { program } = await stranger(three, { do: 'listen', at, port: LISTEN_PORT })
  const b = await startProxy(two, { env })
  const peers = [...at.map(address => `${address}:${LISTEN_PORT}`), `${two.address}:${b.meshPort}`]
  const a = await startProxy(one, { env: { ...env, NWS_PEERS: peers.join() } })
  await a.until<{ links: LinkSeen[] }>('/api/links', ({ links }) => links.some(({ proxyId }) => proxyId === b.proxyId))
  await program.event('open')
  t.ok((await matchingMs(t, a, b)) < MATCHED_MS)
})
