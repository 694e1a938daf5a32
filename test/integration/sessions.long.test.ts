// Short faults of the network between two hosts, under traffic: nobody hears of them, nothing is missing, nothing comes
// twice, and the order is kept. And the end of a process, which is heard at once, or of a host, which is heard in time.
import t, { type Test } from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'
import { startProxy, type Member, type ProxyProcess } from '../support/proxies.ts'

const { skip } = needs('namespaces')
/** 200 messages a second each way, 20 of them of 64 KiB. */
const EVERY_MS = 5
const LARGE = '.'.repeat(65_536)

interface Scene {
  readonly hosts: readonly [Host, Host]
  readonly proxies: readonly [ProxyProcess, ProxyProcess]
  readonly members: readonly [Member, Member]
}

async function startScene(t: Test): Promise<Scene> {
  const hosts = (await createNetwork(t, 2)).hosts as [Host, Host]
  const proxies = (await Promise.all(hosts.map(host => startProxy(host)))) as [ProxyProcess, ProxyProcess]
  const members = (await Promise.all(proxies.map(proxy => proxy.join('x')))) as [Member, Member]
  await Promise.all(members.map((member, place) => member.hears({ action: 'connect', target: members[1 - place]!.id })))
  return { hosts, proxies, members }
}

/** Both members speak during an event; then the messages that each has heard are compared with those of the other. */
async function talkThrough(t: Test, { proxies, members }: Scene, happens: () => Promise<void>): Promise<void> {
  const addresses = async () => await Promise.all(proxies.map(async proxy => (await proxy.links())[0]!.address))
  const before = await addresses()
  let said = 0
  const talk = setInterval(() => {
    said += 1
    for (const member of members) member.send({ action: 'broadcast', data: said % 10 === 0 ? [said, LARGE] : [said] })
  }, EVERY_MS)
  await happens()
  clearInterval(talk)
  for (const member of members) member.send({ action: 'broadcast', data: 'the end' })
  for (const [place, member] of members.entries()) {
    await member.hears({ action: 'broadcast', data: 'the end' })
    const heard = member.heard().filter(({ action }) => action !== 'status')
    t.strictSame(
      heard.filter(({ action }) => action === 'disconnect'),
      [],
      'nobody hears a disconnect'
    )
    const numbers = heard.filter(({ data }) => Array.isArray(data)).map(({ data }) => (data as number[])[0]!)
    const wrong = numbers.findIndex((number, index) => number !== index + 1)
    t.equal(wrong, -1, `member ${place} heard ${numbers[wrong]} at place ${wrong}`)
    t.equal(numbers.length, said)
  }
  t.notSame(await addresses(), before, 'another connection carries the session')
}

const pause = async (ms: number): Promise<void> =>
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })

// Alone, because it is about milliseconds.
t.test('a process that is killed is heard within 100 ms', { skip }, async t => {
  const { proxies, members } = await startScene(t)
  const before = members[0].heard().length
  const ended = proxies[1].program.ended
  process.kill(proxies[1].program.pid, 'SIGKILL')
  await ended
  const begun = performance.now()
  await members[0].hears({ action: 'disconnect', target: members[1].id }, before)
  t.ok(performance.now() - begun < 100, 'heard')
})

t.jobs = 2

t.test('connections that are cut', { skip, buffered: true }, async t => {
  const scene = await startScene(t)
  await talkThrough(t, scene, async () => {
    for (let i = 0; i < 4; i++) {
      await pause(700)
      scene.hosts[i % 2]!.exec('ss', ['-K', 'dst', scene.hosts[1 - (i % 2)]!.address])
    }
    await pause(700)
  })
})

t.test('a cable that is out for 10 s', { skip, buffered: true }, async t => {
  const scene = await startScene(t)
  await talkThrough(t, scene, async () => {
    await pause(500)
    scene.hosts[1].cut()
    await pause(10_000)
    scene.hosts[1].heal()
    await scene.proxies[0].until<{ links: { state: string }[] }>(
      '/api/links',
      ({ links }) => links[0]?.state === 'open'
    )
  })
})

t.test('a host that gets another address', { skip, buffered: true }, async t => {
  const scene = await startScene(t)
  await talkThrough(t, scene, async () => {
    await pause(500)
    scene.hosts[1].setAddress('10.77.0.99/24')
    await scene.proxies[0].until<{ links: { address: string; state: string }[] }>(
      '/api/links',
      ({ links }) => links[0]?.state === 'open' && links[0].address.startsWith('10.77.0.99:')
    )
  })
})

t.test('a process that stands still for 10 s', { skip, buffered: true }, async t => {
  const scene = await startScene(t)
  const { pid } = scene.proxies[1].program
  await talkThrough(t, scene, async () => {
    await pause(500)
    process.kill(pid, 'SIGSTOP')
    await pause(10_000)
    process.kill(pid, 'SIGCONT')
    await pause(500)
    scene.hosts[0].exec('ss', ['-K', 'dst', scene.hosts[1].address])
  })
})

t.test('a host that vanishes without a word is missed within 65 s', { skip, buffered: true }, async t => {
  const { hosts, proxies, members } = await startScene(t)
  const before = members[0].heard().length
  hosts[1].cut()
  const begun = performance.now()
  await proxies[0].until<{ peers: { list: unknown[] } }>(
    '/api/channels/x',
    ({ peers }) => peers.list.length === 1,
    120_000
  )
  t.ok(performance.now() - begun < 65_000, `missed after ${(performance.now() - begun).toFixed(0)} ms`)
  await members[0].hears({ action: 'disconnect', target: members[1].id }, before)
})
