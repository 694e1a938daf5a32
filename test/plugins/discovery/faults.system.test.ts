// Discovery when the network changes or refuses: interfaces that come, go and change, a held port, a firewall, errors.
// Not hostile input.
import t from 'tap'
import { discover, finds, follows, hasState, mishaps, needsHosts } from '../../support/discovery-hosts.ts'
import { createNetwork } from '../../support/namespaces.ts'

t.test('discovery in a changing network', { ...needsHosts, jobs: 4 }, async t => {
  t.test('an interface that comes up after the start is used', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, [{}, { up: false }])
    const [one, late] = await Promise.all([discover(a!), discover(b!)])
    t.strictSame((await hasState(late, 'this machine only')).interfaces, ['lo'], 'only loopback at first')
    b!.up()
    b!.setAddress('10.77.0.2/24')
    const up = Date.now()
    const found = await Promise.all([finds(late, one), finds(one, late, '10.77.0.2')])
    t.ok(Math.max(...found.map(({ at }) => at as number)) - up < 15_000)
    await late.event('status', ({ state, interfaces }) => state === 'ok' && String(interfaces) === 'eth0')
    t.strictSame(mishaps(one, late), [])
  })

  t.test(
    'a second interface that is added later is used too, without a goodbye on the first',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b, c]
      } = await createNetwork(t, [{}, {}, { segments: [1] }])
      const [one, first, second] = await Promise.all([
        discover(a!),
        discover(b!, { table: { goodbyeMs: 50 } }),
        discover(c!)
      ])
      await finds(first, one)
      a!.connect(1)
      await Promise.all([finds(one, second), finds(second, one, '10.77.1.1')])
      t.notOk(
        first.events.some(({ event }) => event === 'lost'),
        'who knew us goes on knowing us'
      )
      const both = await one.event('status', ({ interfaces }) => String(interfaces) === 'eth0,eth1')
      a!.disconnect(1)
      t.ok(
        await follows(one, both, 'status', ({ interfaces }) => String(interfaces) === 'eth0'),
        'and given up when it goes'
      )
      t.strictSame(mishaps(one, first, second), [])
    }
  )

  t.test(
    'an IPv4 address that changes becomes known, and is tried before the old one has expired',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const [one, other] = await Promise.all([discover(a!), discover(b!)])
      await Promise.all([finds(one, other, '10.77.0.2'), finds(other, one)])
      b!.setAddress('10.77.0.99/24')
      await finds(one, other, '10.77.0.99')
      t.notOk(one.events.some(({ event }) => event === 'lost'))
      a!.setAddress('10.77.0.98/24')
      await finds(other, one, '10.77.0.98')
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test(
    'an interface that loses IPv4 and keeps IPv6 harms nothing, and works again with a new address',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const [one, other] = await Promise.all([discover(a!), discover(b!)])
      await Promise.all([finds(one, other), finds(other, one)])
      a!.setAddress(undefined)
      await one.event('status', ({ state }) => state === 'starting' || state === 'ok')
      const speaker = b!.program('test/support/programs/mdns.ts', ['quiet'])
      await speaker.event('ready')
      speaker.send({ flood: 100, kind: 'queries' }) // every one of them would be an exception
      await speaker.event('flooded')
      a!.setAddress('10.77.0.77/24')
      await finds(other, one, '10.77.0.77')
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test('an interface that has IPv4 only after the start', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, [{}, { address: 'none' }])
    const [one, late] = await Promise.all([discover(a!), discover(b!)])
    await hasState(late, 'ok')
    b!.setAddress('10.77.0.2/24')
    await Promise.all([finds(one, late, '10.77.0.2'), finds(late, one)])
    t.strictSame(mishaps(one, late), [])
  })

  t.test(
    'without loopback nothing is advertised and nothing breaks; with it all is well',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      b!.exec('ip', ['link', 'set', 'lo', 'down'])
      const [one, other] = await Promise.all([discover(a!), discover(b!)])
      await hasState(other, 'no multicast')
      await finds(other, one)
      t.notOk(one.events.some(({ event }) => event === 'found'))
      b!.exec('ip', ['link', 'set', 'lo', 'up'])
      await finds(one, other)
      const well = await hasState(other, 'ok')
      b!.exec('ip', ['link', 'set', 'lo', 'down'])
      t.equal((await follows(other, well, 'status')).state, 'no multicast')
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test('a proxy that was cut off is known again after the way is open', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const table = { lifetimeMs: [500, 1500] }
    const query = { firstMs: [10, 20], gapMs: 300, maxGapMs: 600 }
    const [one, other] = await Promise.all([
      discover(a!, { table, browser: { query } }),
      discover(b!, { table, browser: { query } })
    ])
    const known = await Promise.all([finds(one, other), finds(other, one)])
    b!.cut()
    const lost = await Promise.all([one, other].map(async (each, i) => await follows(each, known[i]!, 'lost')))
    b!.heal()
    await Promise.all([one, other].map(async (each, i) => await follows(each, lost[i]!, 'found')))
    t.strictSame(mishaps(one, other), [])
  })

  t.test('an unplugged cable that is plugged in again', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const [one, other] = await Promise.all([
      discover(a!, { browser: { pollMs: 200 } }),
      discover(b!, { browser: { pollMs: 200 } })
    ])
    const [, well] = await Promise.all([finds(one, other), hasState(other, 'ok')])
    b!.unplug()
    const alone = await follows(other, well, 'status', ({ interfaces }) => String(interfaces) === 'lo')
    b!.plug()
    await follows(other, alone, 'status', ({ interfaces }) => String(interfaces) === 'eth0')
    const late = await discover(a!)
    await Promise.all([finds(late, other), finds(other, late)])
    t.strictSame(mishaps(one, other, late), [])
  })

  t.test('a port that another program holds for 8 s', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const holder = b!.program('test/support/programs/hold-port.ts')
    await holder.event('holding')
    const one = await discover(a!)
    const held = await discover(b!)
    t.strictSame((await hasState(held, 'no multicast')).interfaces, [])
    await t.rejects(
      held.event('found', () => true, 7000),
      /no event found/,
      'nothing while it is held'
    )
    t.match(
      held.events.filter(({ event }) => event === 'warn'),
      [{ code: 'EADDRINUSE' }],
      'one warning'
    )
    holder.send('go')
    await holder.ended
    const free = Date.now()
    const found = await Promise.all([finds(one, held), finds(held, one)])
    t.ok(Math.max(...found.map(({ at }) => at as number)) - free < 15_000, 'soon after')
    await hasState(held, 'ok')
    t.strictSame(mishaps(one, held), [])
  })

  t.test('a socket that fails is opened again', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const one = await discover(a!, { browser: { reopenMs: 100 } })
    const well = await hasState(one, 'ok')
    one.send({ breakSockets: true })
    const broken = await follows(one, well, 'status', ({ state }) => state === 'no multicast')
    await follows(one, broken, 'status', ({ state }) => state !== 'no multicast')
    const late = await discover(b!)
    await Promise.all([finds(one, late), finds(late, one)])
    t.strictSame(mishaps(one, late), [])
  })

  t.test(
    'behind a firewall that drops what comes back, the state says so, is warned of once, and ends with it',
    { buffered: true },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      a!.exec('iptables', ['-w', '-A', 'INPUT', '-p', 'udp', '--dport', '5353', '-j', 'DROP'])
      const [one, other] = await Promise.all([
        discover(a!, { advertiser: { unseenMs: 1500, maxUnseenMs: 1500 } }),
        discover(b!)
      ])
      await hasState(one, 'own advertisement not seen')
      await finds(other, one)
      await t.rejects(
        one.event('status', ({ state }) => state === 'ok', 4000),
        /no event status/,
        'not while it lasts, rebuilt twice or not'
      )
      t.equal(one.events.filter(({ event }) => event === 'warn').length, 1, 'one warning')
      t.notOk(
        other.events.some(({ event }) => event === 'lost'),
        'to be rebuilt is no goodbye'
      )
      a!.exec('iptables', ['-w', '-F', 'INPUT'])
      await hasState(one, 'ok')
      await finds(one, other)
      t.strictSame(mishaps(one, other), [])
    }
  )

  t.test('a system that refuses to send is told as no multicast', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    a!.exec('iptables', ['-w', '-A', 'OUTPUT', '-p', 'udp', '--dport', '5353', '-j', 'DROP'])
    a!.exec('sysctl', ['-qw', 'net.ipv6.conf.all.disable_ipv6=1'])
    const [one, other] = await Promise.all([discover(a!), discover(b!)])
    await hasState(one, 'no multicast')
    t.match(await one.event('warn'), { code: 'refused' })
    a!.exec('iptables', ['-w', '-F', 'OUTPUT'])
    await Promise.all([finds(one, other), finds(other, one)])
    await hasState(one, 'ok')
    one.send({ stop: true })
    t.equal(await one.ended, 0)
    t.strictSame(mishaps(one, other), [])
  })

  t.test('stopping takes no longer than its goodbye may, and may come at any time', { buffered: true }, async t => {
    const {
      hosts: [a]
    } = await createNetwork(t, 1)
    const running = await discover(a!)
    await hasState(running, 'ok')
    a!.exec('iptables', ['-w', '-A', 'OUTPUT', '-p', 'udp', '--dport', '5353', '-j', 'DROP'])
    const probing = await discover(a!)
    for (const one of [running, probing]) {
      one.send({ stop: true })
      t.equal(await one.ended, 0)
      const { took } = await one.event('stopped')
      t.ok((took as number) < 1500, `${String(took)} ms`)
      t.strictSame(mishaps(one), [])
    }
  })
})
