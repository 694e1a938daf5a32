// Addresses in one spelling, under any name that the socket gives.
import t from 'tap'
import { endpointText, ownAddresses, plainAddress } from '../../../src/plugins/peer-mesh/addresses.ts'

for (const [address, text] of [
  ['192.0.2.1', '192.0.2.1:9010'],
  ['::ffff:192.0.2.1', '192.0.2.1:9010'],
  ['fe80::1%eth0', '[fe80::1%eth0]:9010'],
  ['2001:db8::1', '[2001:db8::1]:9010']
] as const) {
  t.test(`${address} with port`, async t => {
    t.equal(endpointText(address, 9010), text)
  })
}

t.test('a socket without address', async t => {
  t.equal(endpointText(undefined, undefined), '')
})

t.test('the addresses of this machine are spelled as those of its sockets', async t => {
  t.ok(ownAddresses().has(plainAddress('::ffff:127.0.0.1')))
  t.notOk(ownAddresses().has(plainAddress('192.0.2.1')))
})
