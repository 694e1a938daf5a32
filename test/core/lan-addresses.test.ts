// Which addresses a phone is told: those that the settings let it use.
import t from 'tap'
import { lanAddresses } from '../../src/core/lan-addresses.ts'

const OWN = ['192.168.1.20', '10.0.0.5', 'fd00::5']

const cases: [what: string, host: string, allowedHosts: string[], port: number, expected: string[]][] = [
  ['the default', '', ['192.168.1.20'], 9009, []],
  ['loopback', '127.0.0.1', ['192.168.1.20'], 9009, []],
  ['all addresses', '0.0.0.0', ['192.168.1.20', 'pc.lan'], 9009, ['http://192.168.1.20:9009', 'http://pc.lan:9009']],
  ['no names allowed', '0.0.0.0', [], 9009, []],
  ['an address of another machine', '0.0.0.0', ['192.168.1.99'], 9009, []],
  [
    'one address',
    '10.0.0.5',
    ['192.168.1.20', '10.0.0.5', 'pc.lan'],
    9009,
    ['http://10.0.0.5:9009', 'http://pc.lan:9009']
  ],
  ['ports', '0.0.0.0', ['192.168.1.20:9009', '10.0.0.5:443'], 9009, ['http://192.168.1.20:9009']],
  ['the port of HTTP', '0.0.0.0', ['pc.lan'], 80, ['http://pc.lan']],
  ['IPv6', '::', ['[fd00::5]'], 9009, ['http://[fd00::5]:9009']],
  ['names of this machine itself', '0.0.0.0', ['localhost', 'a.localhost', '127.0.0.1', '[::1]'], 9009, []]
]

for (const [what, host, allowedHosts, port, expected] of cases) {
  t.test(what, async t => {
    t.strictSame(lanAddresses({ host, allowedHosts }, port, OWN), expected)
  })
}
