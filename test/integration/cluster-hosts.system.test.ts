// The story of a cluster between hosts, which are network namespaces: two networks without any route between them share
// a channel through a nats-server that stands in both; that is killed and comes back; what it has seen is searched. And
// servers that are parted from each other.
import t from 'tap'
import { startCapture, streamsOf } from '../support/capture.ts'
import { SILENCE_MS, clusterOptions } from '../support/cluster-apps.ts'
import { NATS_SERVER, newSecret } from '../support/nats.ts'
import { createNetwork, type Host, type Program } from '../support/namespaces.ts'
import { startProxy, type Member } from '../support/proxies.ts'
import { formsOf, namesHost, tracesOf } from '../support/traces.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('nats-server', 'namespaces', 'tcpdump')
/** A proxy leaves a silent server within this time, milliseconds. */
const NOTICED_MS = 12_000

async function startServer(host: Host, args: readonly string[] = []): Promise<Program> {
  const server = host.spawn(NATS_SERVER, ['-a', '0.0.0.0', '-p', '4222', ...args])
  await server.printed(/Server is ready/)
  return server
}

/** They have met, and hear each other. */
async function talk(alice: Member, bob: Member, what: string): Promise<void> {
  alice.send({ action: 'broadcast', data: `${what} from alice` })
  bob.send({ action: 'message', target: alice.id, data: `${what} from bob` })
  await bob.hears({ action: 'broadcast', source: alice.id, data: `${what} from alice` })
  await alice.hears({ action: 'message', source: bob.id, data: `${what} from bob` })
}

/** How much a member had heard when it lost another one, which it has. */
function placeOfLoss(member: Member, other: Member): number {
  return member.heard().findIndex(({ action, target }) => action === 'disconnect' && target === other.id) + 1
}

t.test('two networks that only a server joins', { skip, timeout: 110_000 }, async t => {
  const { hosts } = await createNetwork(t, [{ segments: [0] }, { segments: [1] }, { segments: [0, 1] }])
  const [one, two, broker] = hosts as [Host, Host, Host]
  broker.exec('sysctl', ['-qw', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0'])
  const captures = [await startCapture(t, broker, '', 'eth0'), await startCapture(t, broker, '', 'eth1')]
  let server = await startServer(broker, ['-DV'])
  const servers = [server]
  const secret = newSecret()
  const name = 'family-album-of-1962'
  const said = 'what-they-say-to-each-other'
  const start = async (host: Host, segment: number) =>
    await startProxy(host, {
      env: { NWS_LOG_LEVEL: 'trace', NWS_CLUSTER_URL: `nats://10.77.${segment}.3`, NWS_CLUSTER_SECRET: secret },
      cluster: clusterOptions
    })
  const [a, b] = await Promise.all([start(one, 0), start(two, 1)])
  const [alice, bob] = await Promise.all([a.join(name), b.join(name)])
  await Promise.all([
    alice.hears({ action: 'connect', target: bob.id }),
    bob.hears({ action: 'connect', target: alice.id })
  ])
  await talk(alice, bob, said)
  t.strictSame([await a.links(), await b.links()], [[], []], 'there is no link of the mesh')

  await server.kill('SIGKILL')
  await Promise.all([
    alice.hears({ action: 'disconnect', target: bob.id }),
    bob.hears({ action: 'disconnect', target: alice.id })
  ])
  const anne = await a.join(name)
  await alice.hears({ action: 'connect', target: anne.id })
  anne.send({ action: 'broadcast', data: `${said} meanwhile` })
  await alice.hears({ action: 'broadcast', source: anne.id, data: `${said} meanwhile` })

  server = await startServer(broker, ['-DV'])
  servers.push(server)
  await Promise.all([
    bob.hears({ action: 'connect', target: alice.id }, placeOfLoss(bob, alice)),
    bob.hears({ action: 'connect', target: anne.id }),
    alice.hears({ action: 'connect', target: bob.id }, placeOfLoss(alice, bob))
  ])
  await talk(alice, bob, `${said} again`)
  await Promise.all([a.program.kill('SIGTERM'), b.program.kill('SIGTERM')])

  // In clear, in every form that the search knows: it is found, so the rest would have been.
  const canary = 'canary-in-a-coal-mine'
  const clear = Buffer.concat(formsOf(canary).flatMap(({ bytes }) => [bytes, Buffer.from(' ')]))
  one.exec('bash', [
    '-c',
    `printf 'CONNECT {"verbose":false}\\r\\nPUB x ${clear.length}\\r\\n' >/tmp/${one.namespace}; echo ${clear.toString('base64')} | base64 -d >>/tmp/${one.namespace}; printf '\\r\\nPING\\r\\n' >>/tmp/${one.namespace}; exec 3<>/dev/tcp/10.77.0.3/4222; cat /tmp/${one.namespace} >&3; timeout 5 grep -q PONG <&3; rm /tmp/${one.namespace}`
  ])
  await captures[0]!.holds(clear.subarray(-20))
  await server.kill('SIGTERM')
  await Promise.all(captures.map(async capture => await capture.stop()))
  const recorded = captures.flatMap(capture => [capture.bytes(), ...streamsOf(capture.packets())])
  t.strictSame(
    new Set(recorded.flatMap(bytes => tracesOf(canary, bytes))),
    new Set(formsOf(canary).map(({ what }) => what)),
    'the search finds what is there'
  )
  const logs = Buffer.from([a.program, b.program].map(program => program.output()).join('\n'))
  const seen = Buffer.from(servers.map(program => program.output()).join('\n'))
  t.match(seen.toString(), /nws\.[a-z2-7]{16}\.[a-z2-7]{32}/, 'the server has seen subjects')
  for (const word of [name, said, secret]) {
    t.strictSame(
      [...recorded, seen].flatMap(bytes => tracesOf(word, bytes)),
      [],
      'no packet and no log of the server tells it'
    )
    t.strictSame(tracesOf(word, logs), [], 'no log of a proxy tells it')
  }
  const spoken = captures.flatMap(capture => streamsOf(capture.packets())).filter(stream => stream.includes('nws.'))
  for (const owner of [a.proxyId, b.proxyId, alice.id, bob.id])
    t.strictSame(
      spoken.filter(stream => stream.includes(owner)),
      [],
      'nor who it is'
    )
  // The name of this machine may be of two letters, which sealed bytes hold by chance: it is looked for in what a client says of itself.
  const greetings = spoken.flatMap(stream =>
    [...stream.toString('latin1').matchAll(/^CONNECT (\{.*\})\r$/gm)].map(
      ([, json]) => JSON.parse(json!) as Record<string, unknown>
    )
  )
  t.ok(greetings.length >= 2, 'both have said who they are to the server')
  t.strictSame(
    greetings.filter(greeting => namesHost(JSON.stringify(greeting))),
    [],
    'nor where'
  )
})

t.test('three servers, one of which is parted from the others', { skip, timeout: 110_000 }, async t => {
  const { hosts } = await createNetwork(t, 3)
  const routes = hosts.map(({ address }) => `nats://${address}:6222`).join(',')
  await Promise.all(
    hosts.map(async (host, place) => {
      const server = await startServer(host, [
        '-n',
        `s${place}`,
        '--cluster_name',
        'test',
        '--cluster',
        'nats://0.0.0.0:6222',
        '--routes',
        routes
      ])
      return server
    })
  )
  const secret = newSecret()
  // Each proxy has the server of its host, and no other.
  const proxies = await Promise.all(
    hosts.map(
      async host =>
        await startProxy(host, {
          env: { NWS_DISCOVERY: 'off', NWS_CLUSTER_URL: 'nats://127.0.0.1', NWS_CLUSTER_SECRET: secret },
          cluster: clusterOptions
        })
    )
  )
  const [alice, bob, carol] = (await Promise.all(proxies.map(async proxy => await proxy.join('x')))) as [
    Member,
    Member,
    Member
  ]
  // Who has not heard of anybody sends nothing to the network.
  const all = [alice, bob, carol]
  await Promise.all(
    all.flatMap(one =>
      all.filter(other => other !== one).map(async other => await one.hears({ action: 'connect', target: other.id }))
    )
  )
  hosts[2]!.cut()
  await Promise.all([
    alice.hears({ action: 'disconnect', target: carol.id }),
    carol.hears({ action: 'disconnect', target: alice.id })
  ])
  t.ok(SILENCE_MS > 0)
  await talk(alice, bob, 'without carol')
  hosts[2]!.heal()
  await alice.hears({ action: 'connect', target: carol.id }, placeOfLoss(alice, carol))
  await carol.hears({ action: 'connect', target: alice.id }, placeOfLoss(carol, alice))
  await talk(alice, carol, 'together again')
  t.pass('all is healed')
})

for (const [what, rules] of [
  ['nothing comes back', ['INPUT -p tcp --sport 4222 -j DROP']],
  ['nothing arrives', ['INPUT -p tcp --sport 4222 -j DROP', 'OUTPUT -p tcp --dport 4222 -j DROP']]
] as const) {
  t.test(
    `a server is silently out of reach under traffic: ${what}`,
    { ...needs('nats-server', 'namespaces', 'iptables'), timeout: 110_000 },
    async t => {
      const { hosts } = await createNetwork(t, 3)
      const [one, two, broker] = hosts as [Host, Host, Host]
      await startServer(broker)
      const env = {
        NWS_DISCOVERY: 'off',
        NWS_CLUSTER_URL: `nats://${broker.address}`,
        NWS_CLUSTER_SECRET: newSecret(),
        NWS_PEER_TIMEOUT_MS: '60000'
      }
      const [a, b] = await Promise.all([startProxy(one, { env }), startProxy(two, { env })])
      const [alice, bob] = await Promise.all([a.join('x'), b.join('x')])
      await Promise.all([
        alice.hears({ action: 'connect', target: bob.id }),
        bob.hears({ action: 'connect', target: alice.id })
      ])
      await talk(alice, bob, 'at first')
      const state = { over: false }
      const speaking = speak([alice, bob], state)
      await alice.hears({ action: 'broadcast', data: 3 })
      const change = (flag: '-A' | '-D') => {
        for (const rule of rules) two.exec('iptables', ['-w', flag, ...rule.split(' ')])
      }
      change('-A')
      const cutAt = performance.now()
      await b.until<{ cluster: { state: string } }>('/api/health', ({ cluster }) => cluster.state === 'disconnected')
      t.ok(performance.now() - cutAt <= NOTICED_MS, `noticed after ${Math.round(performance.now() - cutAt)} ms`)
      change('-D')
      await bob.hears({ action: 'disconnect', target: alice.id })
      await bob.hears({ action: 'connect', target: alice.id }, placeOfLoss(bob, alice))
      state.over = true
      const last = await speaking
      await alice.hears({ action: 'broadcast', data: last })
      const heard = alice.heard().filter(({ source, data }) => source === bob.id && typeof data === 'number')
      t.strictSame(
        heard.map(({ data }) => data),
        Array.from({ length: last }, (_, index) => index + 1),
        'each message of the proxy that was cut off arrives once and in order'
      )
      const said = bob.heard().filter(({ source, data }) => source === alice.id && typeof data === 'number')
      t.ok(said.length < last, 'messages to it are lost, which its members were told')
      t.strictSame(
        said.map(({ data }) => data as number).toSorted((x, y) => x - y),
        said.map(({ data }) => data),
        'in order'
      )
      t.equal(new Set(said.map(({ data }) => data)).size, said.length, 'none of them twice')
    }
  )
}

/** Each says 1, 2, 3 …, twenty times a second. @returns the last number */
async function speak(members: readonly Member[], state: { readonly over: boolean }): Promise<number> {
  let number = 0
  while (!state.over) {
    number += 1
    for (const member of members) member.send({ action: 'broadcast', data: number })
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
  return number
}
