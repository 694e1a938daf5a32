// Which advertised addresses may be dialled and which senders may be heard. Not the packets.
import t from 'tap'
import {
  dialable,
  formatAddress,
  mayHear,
  parseAddress,
  senderOf,
  sourceFrom,
  textOf,
  type Surroundings
} from '../../../src/core/dns-sd/address-policy.ts'

const network = (cidr: string) => ({
  address: parseAddress(cidr.split('/')[0]!)!,
  prefixLength: Number(cidr.split('/')[1])
})
const here: Surroundings = {
  networks: [
    network('192.168.1.5/24'),
    network('203.0.113.9/26'),
    network('2001:db8:1::5/64'),
    network('fe80::5/64'),
    network('100.64.0.1/0')
  ],
  own: new Set(['127.0.0.1', '192.168.1.5', '203.0.113.9', '2001:db8:1::5', 'fe80::5'])
}

t.test('addresses have one text', async t => {
  for (const [text, formatted] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80::1%eth0', 'fe80::1'],
    ['fe80:0:0:0:0:0:0:1', 'fe80::1'],
    ['2001:db8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1']
  ])
    t.equal(formatAddress(parseAddress(text!)!), formatted, text!)
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    'localhost',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '-1.2.3.4',
    '1e1.2.3.4'
  ]) {
    t.equal(parseAddress(text), undefined, JSON.stringify(text))
  }
})

t.test('[R13] only addresses of this network are dialled', async t => {
  const neighbour = sourceFrom('192.168.1.7')!
  const neighbour6 = sourceFrom('fe80::7%eth0')!
  const self = sourceFrom('192.168.1.5')!
  const rows: [string, typeof self, string | undefined, string][] = [
    ['192.168.1.7', neighbour, '192.168.1.7', 'private'],
    ['10.1.2.3', neighbour, '10.1.2.3', 'private, another network'],
    ['172.31.0.1', neighbour, '172.31.0.1', 'private'],
    ['172.32.0.1', neighbour, undefined, 'just outside of the private range'],
    ['169.254.3.4', neighbour, '169.254.3.4', 'link-local'],
    ['203.0.113.20', neighbour, '203.0.113.20', 'public, on-link'],
    ['203.0.113.70', neighbour, undefined, 'public, off-link'],
    ['8.8.8.8', neighbour, undefined, 'public; the network with prefix 0 is no link'],
    ['192.168.1.255', neighbour, undefined, 'broadcast of an own network'],
    ['192.168.1.0', neighbour, undefined, 'name of an own network'],
    ['255.255.255.255', neighbour, undefined, 'broadcast'],
    ['224.0.0.251', neighbour, undefined, 'multicast'],
    ['0.0.0.0', neighbour, undefined, 'nothing'],
    ['127.0.0.1', neighbour, undefined, 'loopback from another machine'],
    ['127.0.0.1', self, '127.0.0.1', 'loopback from this machine'],
    ['127.0.0.1', sourceFrom('127.0.0.1')!, '127.0.0.1', 'loopback over loopback'],
    ['::ffff:127.0.0.1', neighbour, undefined, 'loopback in disguise'],
    ['::1', neighbour6, undefined, 'loopback from another machine'],
    ['::1', self, '::1', 'loopback from this machine'],
    ['::', neighbour6, undefined, 'nothing'],
    ['ff02::fb', neighbour6, undefined, 'multicast'],
    ['fd00::7', neighbour, 'fd00::7', 'unique-local'],
    ['fc00::7', neighbour, 'fc00::7', 'unique-local'],
    ['2001:db8:1::7', neighbour, '2001:db8:1::7', 'public, on-link'],
    ['2001:db8:2::7', neighbour, undefined, 'public, off-link'],
    ['fe80::7', neighbour, undefined, 'link-local without a scope'],
    ['fe80::7', neighbour6, 'fe80::7%eth0', 'link-local with the scope it came by'],
    ['fe80::7%eth9', neighbour6, 'fe80::7%eth0', 'a scope in a record means nothing'],
    ['example.org', neighbour, undefined, 'no address']
  ]
  for (const [address, source, expected, why] of rows)
    t.equal(dialable(address, source, here), expected, `${address} from ${textOf(source)}: ${why}`)
})

t.test('[R13] senders off the link are not heard', async t => {
  for (const [address, heard] of [
    ['192.168.1.7', true],
    ['10.0.0.7', true],
    ['203.0.113.20', true],
    ['198.51.100.1', false],
    ['127.0.0.1', true],
    ['fe80::9%eth0', true],
    ['2001:db8:1::9', true],
    ['2001:db8:2::9', false],
    ['0.0.0.0', false]
  ] as const) {
    t.equal(mayHear(sourceFrom(address)!, here), heard, address)
  }
  t.equal(sourceFrom('nonsense'), undefined)
})

t.test('senders are counted by machine', async t => {
  const of = (text: string) => senderOf(sourceFrom(text)!, here)
  t.equal(of('192.168.1.5'), 'own')
  t.equal(of('127.0.0.1'), 'own')
  t.equal(of('fe80::5%eth0'), 'own')
  t.not(of('192.168.1.7'), of('192.168.1.8'))
  t.not(of('fe80::7%eth0'), of('fe80::8%eth0'), 'neighbours share a /64')
  t.not(of('2001:db8:1::7'), of('2001:db8:1::8'))
  t.equal(of('fd00::1:7'), of('fd00::2:8'), 'off-link, a /64 is one sender')
})
