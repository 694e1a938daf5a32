// `nws doctor` on hosts with exactly one fault each between proxies: it names that fault, and no other, and says what to do.
import t from 'tap'
import { iptables, needsHosts, tryFaults } from '../support/doctor.ts'

t.test('one fault of the mesh each', needsHosts, async t => {
  await tryFaults(t, [
    [
      'the mesh port dropped',
      'mesh-port-unreachable',
      host => {
        iptables(host, '-A INPUT -p tcp --dport 9010 -j DROP')
      },
      { NWS_MESH_PORT: '9010' }
    ],
    ['discovery switched off', 'discovery-off', () => {}, { NWS_DISCOVERY: 'off' }],
    ['a static peer that is not there', 'peer-unreachable', () => {}, { NWS_PEERS: '10.77.2.250:9010' }],
    ['a static peer without an address', 'peer-unknown', () => {}, { NWS_PEERS: 'nobody.invalid:9010' }],
    ['a static peer that is its own local port', 'peer-no-proxy', () => {}, { NWS_PEERS: '127.0.0.1:9009' }]
  ])
})
