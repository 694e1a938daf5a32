// `nws doctor` if no proxy runs or it tells nothing, and its words.
import t from 'tap'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { nws } from '../support/cli.ts'
import { doctor, iptables, needsHosts, startProxy } from '../support/doctor.ts'

t.test('no proxy, no loopback', needsHosts, async t => {
  const {
    hosts: [host]
  } = (await createNetwork(t, 1)) as unknown as { hosts: [Host] }
  const without = await doctor(t, host)
  t.strictSame([without.code, without.codes], [3, ['not-running']])
  await host
    .node('dist/server.js', [], { env: { NWS_API_TOKEN: 'a-token-of-some-length' } })
    .printed(/is running: http/)
  const silent = await doctor(t, host)
  t.strictSame([silent.code, silent.codes], [1, ['api-refused', 'no-others']], 'the own proxy is not another one')
  t.equal((await doctor(t, host, { NWS_API_TOKEN: 'a-token-of-some-length' })).code, 0)
  host.exec('ip', ['link', 'set', 'lo', 'down'])
  t.match((await doctor(t, host)).codes, ['not-running', 'no-loopback'])
})

t.test('for people', needsHosts, async t => {
  const {
    hosts: [host]
  } = (await createNetwork(t, 1)) as unknown as { hosts: [Host] }
  iptables(host, '-A INPUT -p udp --dport 5353 -j DROP')
  await startProxy(host)
  const { stdout, code } = await nws(t, ['doctor'], { namespace: host.namespace })
  t.equal(code, 1)
  t.match(stdout, /problem {2}multicast on eth0: packets to port 5353 do not arrive.*\n\s+→ .*allow it \(/)
  t.notMatch(stdout, /\x1b/, 'no colours where nobody looks')
})
