// Discovery with its real times: what takes seconds or minutes in life takes as long here. Everything else is tested
// with small times elsewhere.
import t from 'tap'
import { discover, finds, hasState, mishaps, needsHosts } from '../../support/discovery-hosts.ts'
import { createNetwork } from '../../support/namespaces.ts'

/** Waits; the tests of this file are about time itself. */
const pass = async (ms: number) => {
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}

t.test('real times', { ...needsHosts, jobs: 8 }, async t => {
  t.test('a goodbye is held for 1 s', { buffered: true }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const [one, other] = await Promise.all([discover(a!), discover(b!, {}, 'goodbyes')])
    await Promise.all([finds(other, one), hasState(one, 'ok')])
    one.send({ stop: true })
    const { ms } = await other.event('goodbye', ({ id }) => id === one.id)
    const lost = await other.event('lost')
    const held = (lost.ms as number) - (ms as number)
    t.ok(held > 900 && held < 1600, `${held} ms`)
  })

  t.test('a healthy proxy is not lost in 160 s, by anybody', { buffered: true, timeout: 200_000 }, async t => {
    const { hosts } = await createNetwork(t, 3)
    const all = await Promise.all(hosts.map(async host => await discover(host)))
    await Promise.all(
      all.flatMap(one => all.filter(other => other !== one).map(async other => await finds(one, other)))
    )
    await pass(160_000)
    t.strictSame(
      all.flatMap(one => one.events.filter(({ event }) => ['lost', 'warn', 'uncaught'].includes(event))),
      []
    )
    t.strictSame(
      all.map(one => one.events.findLast(({ event }) => event === 'status')?.state),
      ['ok', 'ok', 'ok']
    )
  })

  t.test('a proxy that dies without a goodbye is lost within 120 s', { buffered: true, timeout: 160_000 }, async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    const [one, other] = await Promise.all([discover(a!), discover(b!)])
    await Promise.all([finds(other, one), hasState(one, 'ok')])
    await one.kill('SIGKILL')
    const killed = Date.now()
    const { at } = await other.event('lost', () => true, 130_000)
    const ms = (at as number) - killed
    t.ok(ms > 60_000 && ms < 121_000, `${ms} ms`)
    t.strictSame(mishaps(other), [])
  })

  t.test('our own advertisement that is not seen is warned of after 5 s', { buffered: true }, async t => {
    const {
      hosts: [a]
    } = await createNetwork(t, 1)
    a!.exec('iptables', ['-w', '-A', 'INPUT', '-p', 'udp', '--dport', '5353', '-j', 'DROP'])
    const one = await discover(a!)
    const { ms: begun } = await hasState(one, 'starting')
    const { ms: warned } = await one.event('warn')
    const ms = (warned as number) - (begun as number)
    t.ok(ms > 4900 && ms < 7000, `${ms} ms`)
  })

  t.test(
    'a way that was cut for longer than everything lives is found again within a minute',
    { buffered: true, timeout: 250_000 },
    async t => {
      const {
        hosts: [a, b]
      } = await createNetwork(t, 2)
      const [one, other] = await Promise.all([discover(a!), discover(b!)])
      await Promise.all([finds(other, one), finds(one, other)])
      b!.cut()
      await Promise.all([one, other].map(async each => await each.event('lost', () => true, 130_000)))
      b!.heal()
      const healed = Date.now()
      const again = await Promise.any(
        [one, other].map(async each => await each.event('found', ({ at }) => (at as number) > healed, 65_000))
      )
      t.ok((again.at as number) - healed < 62_000, `${(again.at as number) - healed} ms`)
    }
  )

  t.test('two idle proxies send at most 0.1 packets a second each', { buffered: true, timeout: 220_000 }, async t => {
    const {
      hosts: [a, b, c]
    } = await createNetwork(t, 3)
    const [one, other] = await Promise.all([discover(a!), discover(b!)])
    await Promise.all([finds(one, other), finds(other, one)])
    await pass(45_000)
    const capture = c!.spawn('tcpdump', ['-n', '-l', '-i', 'eth0', 'udp', 'port', '5353'])
    await capture.printed(/listening on/)
    await pass(120_000)
    const packets = capture
      .output()
      .split('\n')
      .filter(line => /\bIP6? /.test(line))
    t.ok(packets.length >= 4, 'they do ask now and then')
    t.ok(packets.length / 120 / 2 <= 0.1, `${packets.length} packets in 120 s`)
    t.comment(
      `${packets.length} packets of two proxies in 120 s: ${(packets.length / 240).toFixed(3)}/s each\n${packets.join('\n')}`
    )
  })
})
