// Discovery with its real times: a story of minutes, and the packets meanwhile. Everything else is tested in
// virtual time or with small times.
import t from 'tap'
import { discover, finds, needsHosts } from '../../support/discovery-hosts.ts'
import { createNetwork } from '../../support/namespaces.ts'

/** Waits; the tests of this file are about time itself. */
const pass = async (ms: number) => {
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}

t.test('real times', { ...needsHosts, jobs: 8 }, async t => {
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
