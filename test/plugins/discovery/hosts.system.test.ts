// Discovery between hosts in ordinary networks: who finds whom, by which address, and which bytes are on the wire.
import t from 'tap'
import { discover, finds, hasState, mishaps, needsHosts } from '../../support/discovery-hosts.ts'
import { createNetwork } from '../../support/namespaces.ts'
import { namesHost } from '../../support/traces.ts'

t.test('discovery between hosts', { ...needsHosts, jobs: 4 }, async t => {
  t.test(
    'two proxies that start together find each other, and one that leaves is lost',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const [alice, bob] = await Promise.all([discover(a!), discover(b!, { table: { goodbyeMs: 100 } })])
      const found = await Promise.all([finds(alice, bob, b!.address), finds(bob, alice, a!.address)])
      t.ok(Math.max(...found.map(({ ms }) => ms as number)) < 10_000, 'soon, on a busy machine too')
      t.strictSame((await hasState(alice, 'ok')).interfaces, ['eth0'], 'on the interface that `ip` calls eth0@if…')
      alice.send({ stop: true })
      await bob.event('lost', ({ id }) => id === alice.id)
      t.equal(await alice.ended, 0)
      t.strictSame(mishaps(alice, bob), [])
    }
  )

  t.test('a host with 34 bridges that sort before its Wi-Fi is found all the same', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, [{ segments: [] }, {}])
    a!.exec('sh', [
      '-ec',
      `sysctl -qw net.ipv6.conf.default.disable_ipv6=1
      for i in $(seq 10 43); do
        ip link add br-$i type veth peer name far-$i; ip address add 172.$i.0.1/16 dev br-$i
        ip link set far-$i up; ip link set br-$i up
      done`
    ])
    const address = a!.connect(0, { name: 'wlp3s0' })
    const [alice, bob] = await Promise.all([discover(a!), discover(b!)])
    await Promise.all([finds(alice, bob, b!.address), finds(bob, alice, address)])
    const { interfaces, leftOut } = await hasState(alice, 'ok')
    t.ok((interfaces as string[]).includes('wlp3s0'))
    t.equal((interfaces as string[]).length, 20)
    t.equal((leftOut as string[]).length, 15)
    t.strictSame(mishaps(alice, bob), [])
  })

  t.test('a late proxy finds those that run already', { buffered: true }, async t => {
    const { hosts } = await createNetwork(t, 3)
    const early = await Promise.all(hosts.slice(0, 2).map(async host => await discover(host)))
    await Promise.all(early.map(async one => await hasState(one, 'ok')))
    const late = await discover(hosts[2]!)
    await Promise.all(early.flatMap(one => [finds(late, one), finds(one, late)]))
    await hasState(late, 'ok')
    t.strictSame(mishaps(late, ...early), [])
  })

  t.test(
    'proxies on one host find each other, by an address that others could use too',
    { buffered: true },
    async t => {
      const {
        hosts: [a]
      } = await createNetwork(t, 1)
      const [one, other] = await Promise.all([discover(a!), discover(a!)])
      await Promise.all([finds(one, other, a!.address), finds(other, one, a!.address)])
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test(
    'on a machine that is connected to nothing, proxies find each other over loopback',
    { buffered: true },
    async t => {
      const {
        hosts: [a]
      } = await createNetwork(t, [{ segments: [] }])
      const [one, other] = await Promise.all([discover(a!), discover(a!)])
      await Promise.all([finds(one, other, '127.0.0.1'), finds(other, one, '127.0.0.1')])
      await hasState(one, 'this machine only')
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test(
    'with two interfaces on two networks, proxies on both are found, each by its own',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b, c]
      } = await createNetwork(t, [{ segments: [0, 1] }, { segments: [0] }, { segments: [1] }])
      const [both, first, second] = await Promise.all([discover(a!), discover(b!), discover(c!)])
      await Promise.all([
        finds(both, first, '10.77.0.2'),
        finds(both, second, '10.77.1.3'),
        finds(first, both, '10.77.0.1'),
        finds(second, both, '10.77.1.1')
      ])
      t.notOk(
        first.events.some(({ id, event }) => event === 'found' && id === second.id),
        'nothing is passed on'
      )
      t.strictSame((await hasState(both, 'ok')).interfaces, ['eth0', 'eth1'])
    }
  )

  t.test(
    'with two interfaces on one network a proxy is found once, with both addresses',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      a!.connect(0, { name: 'eth9', address: '10.77.0.91/24' })
      const [both, other] = await Promise.all([discover(a!), discover(b!)])
      await Promise.all([finds(other, both, '10.77.0.1'), finds(other, both, '10.77.0.91'), finds(both, other)])
      t.equal(other.events.filter(({ event }) => event === 'found').length, 1)
      await hasState(both, 'ok')
      t.strictSame(mishaps(both, other), [])
    }
  )

  t.test(
    'in a network without IPv4, proxies find each other by scoped link-local addresses',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, [{ address: 'none' }, { address: 'none' }])
      const [one, other] = await Promise.all([discover(a!), discover(b!)])
      const [found] = await Promise.all([finds(one, other), finds(other, one)])
      t.match((found.addresses as { address: string }[])[0]?.address, /^fe80::[\da-f:]+%eth0$/)
      await Promise.all([hasState(one, 'ok'), hasState(other, 'ok')])
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test('with 30 % packet loss everybody is found', { buffered: true }, async t => {
    const { hosts } = await createNetwork(t, 3)
    for (const host of hosts) host.loss(30)
    const all = await Promise.all(hosts.map(async host => await discover(host)))
    const found = await Promise.all(
      all.flatMap(one =>
        all.filter(other => other !== one).map(async other => await finds(one, other, undefined, 45_000))
      )
    )
    t.equal(found.length, 6)
  })

  t.test(
    'what is advertised is one service, TXT v=3 and random names, new in each run',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const listener = b!.program('test/support/programs/mdns.ts')
      await listener.event('ready')
      const labels = new Set<string>()
      for (let run = 0; run < 2; run++) {
        const one = await discover(a!, { port: 45_678 })
        await hasState(one, 'ok')
        one.send({ stop: true })
        await one.ended
        const instance = `${one.id}._nws._tcp.local`
        const goodbye = `PTR _nws._tcp.local 0 ${instance}`
        await listener.event('heard', ({ answers }) => (answers as string[]).includes(goodbye))
        const records = listener.events
          .flatMap(({ answers }) => (answers as string[]) ?? [])
          .filter(text => text.includes(one.id))
        t.ok(records.includes(`PTR _nws._tcp.local 4500 ${instance}`))
        t.ok(records.includes(`TXT ${instance} 4500 v=3`))
        const service = records.find(text => text.startsWith('SRV'))!
        const target = /"target":"([a-z2-7]{16})\.local"/.exec(service)?.[1]
        t.ok(target, 'the host name is 10 random bytes')
        t.match(service, '"port":45678')
        labels.add(one.id).add(target!)
        t.ok(records.includes(goodbye), 'goodbye on exit')
        t.equal(
          new Set(
            records
              .map(text => text.split(' '))
              .filter(([type]) => type === 'SRV')
              .map(words => words[1])
          ).size,
          1,
          'one service'
        )
      }
      t.equal(labels.size, 4, 'two runs share no label')
      const wire = listener.output()
      t.notOk(namesHost(wire), 'no host name')
      t.notMatch(wire, /[\da-f]{2}(?:[:-][\da-f]{2}){5}/i, 'no hardware address')
    }
  )
})
