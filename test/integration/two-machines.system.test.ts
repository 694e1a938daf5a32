// The story of the project between two machines, which are network namespaces here: one `npm start` each, a page on one
// talks to a page on the other. Nothing of the proxies is replaced.
import t from 'tap'
import { createNetwork, type Host, type Network, type Program } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')

/** Starts a proxy on a host and waits until it listens. */
async function startProxy(host: Host, env: Record<string, string> = {}): Promise<Program> {
  const proxy = host.node('dist/server.js', [], { env })
  await proxy.printed(/Network Web Sockets is running/)
  return proxy
}

/** Joins a channel on a host's own proxy: the program and its id. */
async function join(host: Host, channel: string): Promise<{ member: Program; id: unknown }> {
  const member = host.program('test/support/programs/member.ts', [`ws://localhost:9009/${channel}`])
  const { source } = await member.event('status')
  return { member, id: source }
}

async function talk(alice: Host, bob: Host): Promise<void> {
  const a = await join(alice, 'webchat')
  const b = await join(bob, 'webchat')
  await a.member.event('connect', ({ target }) => target === b.id)
  await b.member.event('connect', ({ target }) => target === a.id)
  a.member.send({ action: 'broadcast', data: 'hello' })
  await b.member.event('broadcast', ({ source, data }) => source === a.id && data === 'hello')
  b.member.send({ action: 'message', target: a.id, data: [1] })
  await a.member.event('message', ({ source }) => source === b.id)
  await b.member.kill('SIGKILL')
  await a.member.event('disconnect', ({ target }) => target === b.id)
}

t.test('two machines', { skip }, async t => {
  await t.test('find each other by multicast', async t => {
    const {
      hosts: [alice, bob]
    } = (await createNetwork(t, 2)) as Network & { hosts: [Host, Host] }
    await Promise.all([startProxy(alice), startProxy(bob)])
    await talk(alice, bob)
    t.pass('and talk')
  })

  await t.test('are joined by NWS_PEERS where there is no multicast', async t => {
    const {
      hosts: [alice, bob]
    } = (await createNetwork(t, 2)) as Network & { hosts: [Host, Host] }
    await startProxy(alice, { NWS_DISCOVERY: 'off', NWS_MESH_PORT: '9010' })
    await startProxy(bob, { NWS_DISCOVERY: 'off', NWS_PEERS: `${alice.address}:9010` })
    await talk(alice, bob)
    t.pass('and talk')
  })
})
