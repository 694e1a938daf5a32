// What discovery makes of the system's list of interfaces. Not the system's list.
import t from 'tap'
import type { NetworkInterfaces } from '../../../src/platform/network-interfaces.ts'
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
    loopback: false,
    alone: true,
    surroundings: { networks: [], own: new Set() }
  })
})

t.test('a machine with hundreds of interfaces uses 32', async t => {
  t.equal(
    interfaceView(
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`veth${index}`, [v4(`10.0.${index % 200}.1`)]]))
    ).ipv4.length,
    32
  )
})
