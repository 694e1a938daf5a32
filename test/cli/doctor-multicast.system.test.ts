// `nws doctor` on hosts with exactly one fault of multicast each: it names that fault, and no other, and says what to do.
import t from 'tap'
import { iptables, needsHosts, tryFaults } from '../support/doctor.ts'

t.test('one fault of multicast each', needsHosts, async t => {
  await tryFaults(t, [
    [
      'no network interface',
      'no-interface',
      host => {
        host.exec('ip', ['link', 'set', 'eth0', 'down'])
      }
    ],
    [
      'port 5353 taken',
      'port-5353-taken',
      async host => {
        await host.program('test/support/programs/hold-port.ts').event('holding')
      }
    ],
    [
      'a rule that drops port 5353',
      'firewall-5353',
      host => {
        iptables(host, '-A INPUT -p udp --dport 5353 -j DROP')
      }
    ],
    [
      'a rule that lets nothing out to port 5353',
      'send-refused',
      host => {
        iptables(host, '-A OUTPUT -p udp --dport 5353 -j DROP')
      }
    ],
    [
      'a rule that lets no multicast out',
      'send-refused',
      host => {
        iptables(host, '-A OUTPUT -d 224.0.0.0/4 -j DROP')
      }
    ],
    [
      'multicast dropped',
      'no-multicast',
      host => {
        iptables(host, '-A INPUT -d 224.0.0.0/4 -j DROP')
      }
    ],
    [
      'answers of proxies dropped',
      'advertisement-unseen',
      host => {
        iptables(host, '-A OUTPUT -p udp --sport 5353 -m length --length 100:1500 -j DROP')
      }
    ]
  ])
})
