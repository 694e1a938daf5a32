// Which Host headers are allowed, as a table of what browsers, curl and attackers send.
import t from 'tap'
import { isLoopbackName, createHostPolicy, isLoopbackAddress, parseAllowedHost } from '../../src/core/host-policy.ts'

const PORT = 9009

const ownNames: [name: string, host: string, allowed: boolean][] = [
  ['localhost', 'localhost:9009', true],
  ['IPv4', '127.0.0.1:9009', true],
  ['all of 127.0.0.0/8', '127.255.254.1:9009', true],
  ['IPv6', '[::1]:9009', true],
  ['a name below localhost', 'my-app.localhost:9009', true],
  ['names below localhost', 'a.b_c.localhost:9009', true],
  ['upper case, since names have none', 'LocalHost:9009', true],

  ['a foreign name', 'evil.example:9009', false],
  ['a foreign name that rebinds', 'localhost.evil.example:9009', false],
  ['a name that ends like ours', 'evillocalhost:9009', false],
  ['an empty label', '.localhost:9009', false],
  ['a trailing dot', 'localhost.:9009', false],
  ['another port', 'localhost:9010', false],
  ['no port, which means 80', 'localhost', false],
  ['an empty port', 'localhost:', false],
  ['a port with leading zero', 'localhost:09009', false],
  ['a port with sign', 'localhost:+9009', false],
  ['a port beyond 65535', 'localhost:74545', false],
  ['two ports', 'localhost:9009:9009', false],
  ['port zero', 'localhost:0', false],
  ['nothing', '', false],
  ['only a port', ':9009', false],
  ['a user', 'user@localhost:9009', false],
  ['a user that looks like a host', 'localhost:9009@evil.example', false],
  ['a path', 'localhost:9009/', false],
  ['a scheme', 'http://localhost:9009', false],
  ['two hosts', 'localhost:9009, evil.example', false],
  ['two hosts by a blank', 'localhost:9009 evil.example', false],
  ['percent-encoding', '%6cocalhost:9009', false],
  ['a line end', 'localhost:9009\r\n', false],
  ['a NUL', 'localhost:9009\0', false],
  ['a look-alike', 'lоcalhost:9009', false],
  ['a decimal address', '2130706433:9009', false],
  ['a hexadecimal address', '0x7f000001:9009', false],
  ['an octal address', '0177.0.0.1:9009', false],
  ['an octet with leading zero', '127.0.0.01:9009', false],
  ['a short address', '127.1:9009', false],
  ['an octet beyond 255', '127.0.0.256:9009', false],
  ['too many octets', '127.0.0.1.1:9009', false],
  ['the unspecified address', '0.0.0.0:9009', false],
  ['the unspecified IPv6 address', '[::]:9009', false],
  ['a private address', '192.168.1.5:9009', false],
  ['IPv6 without brackets', '::1:9009', false],
  ['IPv6 with a zone', '[::1%lo]:9009', false],
  ['IPv6 with an encoded zone', '[::1%25lo]:9009', false],
  ['IPv6 written out', '[0:0:0:0:0:0:0:1]:9009', false],
  ['IPv4 in IPv6', '[::ffff:127.0.0.1]:9009', false],
  ['an open bracket', '[::1:9009', false],
  ['a name of 300 characters', `${'a.'.repeat(150)}localhost:9009`, false],
  ['a label of 64 characters', `${'a'.repeat(64)}.localhost:9009`, false]
]

t.test('[R2] own names pass with the port of the accepting socket, nothing else does', async t => {
  const classify = createHostPolicy([])
  for (const [name, host, allowed] of ownNames) t.equal(classify(host, PORT), allowed ? 'loopback' : undefined, name)
})

t.test('on port 80 the port may be left out', async t => {
  const classify = createHostPolicy([])
  t.equal(classify('localhost', 80), 'loopback')
  t.equal(classify('[::1]', 80), 'loopback')
  t.equal(classify('localhost:80', 80), 'loopback')
})

t.test('listed names pass beside them', async t => {
  const classify = createHostPolicy(['proxy.lan', 'Other.LAN:8080', '[fe80::1]:9009', '10.0.0.1', 'web.lan:80'])
  for (const [host, expected] of [
    ['proxy.lan', 'listed'],
    ['PROXY.lan:1234', 'listed'],
    ['other.lan:8080', 'listed'],
    ['other.lan', undefined],
    ['other.lan:8081', undefined],
    ['sub.proxy.lan', undefined],
    ['[fe80::1]:9009', 'listed'],
    ['[fe80::1]', undefined],
    ['10.0.0.1:5', 'listed'],
    ['web.lan', 'listed'],
    ['web.lan:80', 'listed'],
    ['localhost:9009', 'loopback']
  ] as const)
    t.equal(classify(host, PORT), expected, host)
})

t.test('only names with or without port can be listed', async t => {
  for (const entry of ['proxy.lan', 'proxy.lan:1', '[::1]:9009', '10.0.0.1']) t.ok(parseAllowedHost(entry), entry)
  for (const entry of [
    '*',
    '*.lan',
    'http://proxy.lan',
    'proxy.lan/',
    'proxy.lan:0',
    'proxy.lan:99999',
    'a b',
    'höst.lan',
    '',
    '-a.lan'
  ]) {
    t.equal(parseAllowedHost(entry), undefined, entry)
  }
})

t.test('addresses of this machine are told from others', async t => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])
    t.ok(isLoopbackAddress(address), address)
  for (const address of [
    '',
    '10.0.0.1',
    '::',
    '::ffff:10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example',
    'localhost',
    'fe80::1',
    '::1%lo'
  ])
    t.notOk(isLoopbackAddress(address), address)
})

t.test('names that browsers trust without TLS', async t => {
  for (const host of ['localhost', 'localhost:9009', 'app.localhost:1', '127.0.0.1:80', '[::1]:9009'])
    t.ok(isLoopbackName(host))
  for (const host of ['', 'pc.lan', '192.168.1.2:9009', 'localhost.evil.test', '[::2]']) t.notOk(isLoopbackName(host))
})
