// What discovery makes of the system's list of interfaces. Not the system's list.
import t from 'tap'
import { chooseInterfaces, routedInterfaces, type NetworkInterfaces } from '../../../src/platform/network-interfaces.ts'
import { interfaceView } from '../../../src/plugins/discovery/interfaces.ts'

const v4 = (address: string, prefix = 24, internal = false) => ({
  address,
  netmask: '',
  family: 'IPv4' as const,
  mac: '',
  internal,
  cidr: `${address}/${prefix}`
})
const v6 = (address: string, scopeid = 0, internal = false) => ({
  address,
  netmask: '',
  family: 'IPv6' as const,
  mac: '',
  internal,
  cidr: `${address}/64`,
  scopeid
})
const lo = { lo: [v4('127.0.0.1', 8, true), v6('::1', 0, true)] }

t.test('every interface but loopback is used, by name, in order', async t => {
  const view = interfaceView({
    ...lo,
    wlan0: [v4('10.0.0.2')],
    eth0: [v4('192.168.0.2'), v6('fe80::2', 2)],
    tun0: [v6('fd00::2')]
  } satisfies NetworkInterfaces)
  t.strictSame(view.ipv4, [
    { name: 'eth0', address: '192.168.0.2' },
    { name: 'wlan0', address: '10.0.0.2' }
  ])
  t.strictSame(view.ipv6, [{ name: 'eth0', address: '::%eth0' }], 'mDNS over IPv6 needs a link-local address')
  t.equal(view.alone, false)
  t.equal(view.loopback, true)
  t.strictSame([...view.surroundings.own], ['127.0.0.1', '::1', '10.0.0.2', '192.168.0.2', 'fe80::2', 'fd00::2'])
  t.equal(view.surroundings.networks.length, 4, 'loopback is no network')
})

t.test('Windows tells interfaces of IPv6 apart by number', async t => {
  t.strictSame(interfaceView({ 'Ethernet 2': [v6('fe80::2', 12)] }, 'win32').ipv6, [
    { name: 'Ethernet 2', address: '::%12' }
  ])
})

t.test('a machine that is connected to nothing uses loopback', async t => {
  const view = interfaceView(lo)
  t.strictSame(view.ipv4, [{ name: 'lo', address: '127.0.0.1' }])
  t.equal(view.alone, true)
})

t.test('without loopback, and without anything', async t => {
  t.equal(interfaceView({ eth0: [v4('10.0.0.2')] }).loopback, false)
  t.strictSame(interfaceView({}), {
    ipv4: [],
    ipv6: [],
    leftOut: [],
    loopback: false,
    alone: true,
    surroundings: { networks: [], own: new Set() }
  })
})

t.test('a machine with hundreds of interfaces uses 20, first those that people are connected to', async t => {
  const bridges = Array.from({ length: 300 }, (_, index) => `br-${String(index).padStart(3, '0')}`)
  const all = Object.fromEntries(
    [...bridges, 'wlp3s0', 'eth9'].map((name, index) => [name, [v4(`10.0.${index % 200}.1`)]])
  )
  const { ipv4, leftOut } = interfaceView(all)
  t.strictSame(
    ipv4.map(({ name }) => name),
    [...bridges.slice(0, 18), 'eth9', 'wlp3s0']
  )
  t.strictSame(leftOut, bridges.slice(18))
})

t.test('an interface with a default route is the last to be left out', async t => {
  const routes = 'Iface\tDestination\tGateway\nbr-299\t00000000\t0100000A\neth0\t0000000A\t00000000\n'
  const routed = () => routedInterfaces(() => routes)
  t.strictSame(routed(), new Set(['br-299']))
  const all = Array.from({ length: 300 }, (_, index) => ({ name: `br-${index}` }))
  t.ok(chooseInterfaces(all, routed).chosen.some(({ name }) => name === 'br-299'))
  t.strictSame(
    routedInterfaces(() => {
      throw new Error('no such file')
    }),
    new Set(),
    'other systems'
  )
})
