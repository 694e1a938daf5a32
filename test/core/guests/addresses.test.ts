// Which addresses of a machine guests get, and in which order.
import t from 'tap'
import { guestAddresses, type OwnAddress } from '../../../src/core/guests/addresses.ts'

const v4 = (address: string, internal = false): OwnAddress => ({ address, family: 'IPv4', internal })

t.test('private addresses are for guests, the one of the default route first', async t => {
  const interfaces = {
    lo: [v4('127.0.0.1', true)],
    docker0: [v4('172.17.0.1')],
    eth0: [v4('10.0.0.5'), { address: 'fe80::1', family: 'IPv6', internal: false }],
    eth1: [v4('169.254.7.7')],
    wlan0: [v4('192.168.1.20')],
    ppp0: [v4('203.0.113.9')]
  }
  t.same(guestAddresses(interfaces, '192.168.1.20'), ['192.168.1.20', '10.0.0.5', '169.254.7.7', '172.17.0.1'])
  t.same(guestAddresses(interfaces, undefined), ['10.0.0.5', '192.168.1.20', '169.254.7.7', '172.17.0.1'])
  t.same(guestAddresses(interfaces, '203.0.113.9'), ['10.0.0.5', '192.168.1.20', '169.254.7.7', '172.17.0.1'])
})

t.test('a machine without a private address has none for guests', async t => {
  t.same(guestAddresses({ eth0: [v4('203.0.113.9')], lo: [v4('127.0.0.1', true)] }, '203.0.113.9'), [])
})

t.test('the borders of the private ranges', async t => {
  const of = (address: string) => guestAddresses({ eth0: [v4(address)] }, undefined).length
  for (const address of ['172.16.0.1', '172.31.255.1', '100.64.0.1', '100.127.0.1', '10.255.0.1'])
    t.equal(of(address), 1, address)
  for (const address of ['172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '11.0.0.1', '192.169.0.1'])
    t.equal(of(address), 0, address)
})
