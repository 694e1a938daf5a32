// The list of network interfaces, also of a system that refuses to give it.
import t from 'tap'
import {
  externalAddresses,
  linkLocalOf,
  readInterfaces,
  type NetworkInterfaces
} from '../../src/platform/network-interfaces.ts'

const common = { netmask: '', mac: '' }
const eth0: NetworkInterfaces = {
  lo: [{ ...common, address: '127.0.0.1', family: 'IPv4', internal: true, cidr: '127.0.0.1/8' }],
  eth0: [
    { ...common, address: '192.0.2.2', family: 'IPv4', internal: false, cidr: '192.0.2.2/24' },
    { ...common, address: 'fd00::2', family: 'IPv6', internal: false, cidr: 'fd00::2/64', scopeid: 0 },
    { ...common, address: 'fe80::2', family: 'IPv6', internal: false, cidr: 'fe80::2/64', scopeid: 12 }
  ]
}
const refuses = (): NetworkInterfaces => {
  throw new Error('uv_interface_addresses returned Unknown system error 13')
}

t.test('a system that refuses to list its interfaces leaves the last list', async t => {
  t.equal(
    readInterfaces(() => eth0),
    eth0
  )
  t.equal(readInterfaces(refuses), eth0)
  t.equal(readInterfaces(refuses), eth0)
})

t.test('external addresses are all but those of loopback', async t => {
  t.strictSame(externalAddresses(eth0), ['192.0.2.2', 'fd00::2', 'fe80::2'])
})

t.test('IPv6 multicast needs a link-local address', async t => {
  t.strictSame(linkLocalOf('eth0', eth0['eth0']!, 'linux'), { address: 'fe80::2', selector: '::%eth0' })
  t.strictSame(linkLocalOf('eth0', eth0['eth0']!, 'win32'), { address: 'fe80::2', selector: '::%12' })
  t.equal(linkLocalOf('lo', eth0['lo']!), undefined)
})
