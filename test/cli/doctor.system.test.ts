// `nws doctor` where all is right, and where another proxy cannot be reached. Other faults are in doctor-multicast.test.ts
// and doctor-mesh.test.ts.
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { doctor, iptables, needsHosts, startProxy, type Finding } from '../support/doctor.ts'
import type { ProxyProcess } from '../support/proxies.ts'

/** The codes of what the proxy itself finds. */
async function codesOf(proxy: ProxyProcess): Promise<string[]> {
  const { findings } = await proxy.get<{ findings: Finding[] }>('/api/doctor')
  return findings.flatMap(({ code }) => code ?? [])
}

t.test('machines without a fault', needsHosts, async t => {
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  const one = await startProxy(alice)
  const alone = await doctor(t, alice)
  t.strictSame([alone.code, alone.codes], [0, ['no-others']], 'nobody else is a remark and no fault')
  t.strictSame(await codesOf(one), ['no-others'], 'the API finds the same')
  const other = await startProxy(bob)
  await Promise.all([one.linkedTo([other]), other.linkedTo([one])])
  const { code, codes, findings } = await doctor(t, alice)
  t.strictSame([code, codes], [0, []])
  t.ok(findings.some(({ check, text }) => check === 'other proxies' && /1 linked|1 heard/.test(text)))
})

t.test('a machine that is connected to nothing', needsHosts, async t => {
  const {
    hosts: [alice]
  } = (await createNetwork(t, 1)) as unknown as { hosts: [Host] }
  alice.unplug()
  const proxy = await startProxy(alice)
  const { discovery } = await proxy.get<{ discovery: { state: string; interfaces: string[] } }>('/api/health')
  t.strictSame(discovery, { state: 'this machine only', interfaces: ['lo'] })
  const { code, codes, text } = await doctor(t, alice)
  t.strictSame([code, codes], [1, ['no-interface']], text)
  t.notMatch(text, /can be seen/)
})

t.test('another proxy that is seen and cannot be reached', needsHosts, async t => {
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  for (const host of [alice, bob]) iptables(host, '-A INPUT -p tcp ! -i lo -j DROP')
  const [proxy] = await Promise.all([startProxy(alice), startProxy(bob)])
  const { code, codes, text } = await doctor(t, alice)
  t.strictSame([code, codes], [1, ['other-unreachable']], text)
  t.strictSame(await codesOf(proxy), ['other-unreachable'], 'the API finds the same')
})
