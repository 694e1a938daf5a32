// `nws doctor` if port 5353 itself is the fault, and on machines that have IPv6 only.
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { doctor, needsHosts, startProxy } from '../support/doctor.ts'

t.test('a user who may not use port 5353', needsHosts, async t => {
  const {
    hosts: [host]
  } = (await createNetwork(t, 1)) as unknown as { hosts: [Host] }
  // As a policy may have it: 5353 is for those with the right to low ports, which this user has not.
  host.exec('sysctl', ['-w', 'net.ipv4.ip_unprivileged_port_start=6000'])
  await startProxy(host)
  const { code, codes, text } = await doctor(t, host, {}, [
    'setpriv',
    '--bounding-set=-net_bind_service',
    '--inh-caps=-net_bind_service'
  ])
  t.strictSame([code, codes], [1, ['port-5353-refused']], text)
  t.match(text, /EACCES/)
})

/** Resolves when an IPv6 address may be used: the system asks first whether somebody else has it. */
async function untilUsable(host: Host): Promise<void> {
  while (
    host.exec('ip', ['-6', 'address', 'show', 'dev', 'eth0', 'tentative']) !== '' ||
    host.exec('ip', ['-6', 'address', 'show', 'dev', 'eth0']) === ''
  ) {
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
}

t.test('machines with IPv6 only', needsHosts, async t => {
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, [{ address: 'none' }, { address: 'none' }])) as unknown as { hosts: [Host, Host] }
  const {
    hosts: [cut]
  } = (await createNetwork(t, [{ address: 'none' }])) as unknown as { hosts: [Host] }
  await Promise.all([alice, bob, cut].map(async host => await untilUsable(host)))
  cut.exec('ip6tables', ['-A', 'INPUT', '-p', 'udp', '--dport', '5353', '-j', 'DROP'])
  const [one] = await Promise.all([startProxy(alice), startProxy(cut)])
  const alone = await doctor(t, alice)
  t.strictSame([alone.code, alone.codes], [0, ['ipv6-only', 'no-others']], alone.text)
  const other = await startProxy(bob)
  await Promise.all([one.linkedTo([other]), other.linkedTo([one])])
  const { code, codes, findings, text } = await doctor(t, alice)
  t.strictSame([code, codes], [0, ['ipv6-only']], text)
  t.ok(
    findings.some(({ check, text }) => check === 'other proxies' && /1 linked|1 heard/.test(text)),
    text
  )
  const filtered = await doctor(t, cut)
  t.strictSame([filtered.code, filtered.codes], [1, ['ipv6-only', 'firewall-5353']], filtered.text)
})

t.test('another proxy that is seen over IPv6 and cannot be reached', needsHosts, async t => {
  const network = await createNetwork(t, [{ address: 'none' }, { address: 'none' }])
  const [alice, bob] = network.hosts as [Host, Host]
  await Promise.all([untilUsable(alice), untilUsable(bob)])
  for (const host of [alice, bob]) host.exec('ip6tables', ['-A', 'INPUT', '-p', 'tcp', '!', '-i', 'lo', '-j', 'DROP'])
  await Promise.all([startProxy(alice), startProxy(bob)])
  const { code, codes, text } = await doctor(t, alice)
  t.strictSame([code, codes], [1, ['ipv6-only', 'other-unreachable']], text)
})
