// Which pages may join channels, by their Origin.
import t from 'tap'
import { createOriginPolicy, isOrigin, isSerialisedOrigin } from '../../src/core/origin-policy.ts'

const OWN = ['http://localhost:9009']

t.test('the open policy takes every page and program, but nothing that is no origin', async t => {
  const allows = createOriginPolicy([])
  for (const origin of [
    undefined,
    'null',
    'https://example.org',
    'http://localhost:3000',
    'http://[::1]:80',
    'file://',
    'chrome-extension://abcdef',
    'https://xn--bcher-kva.example'
  ]) {
    t.ok(allows(origin, OWN), String(origin))
  }
  for (const origin of [
    '',
    'NULL',
    'example.org',
    'https://a/',
    'https://a/b',
    'https://a, https://b',
    'https://u@a',
    'https://a b',
    'https://a\0',
    'https://bücher.example',
    'https:\\\\a',
    'javascript:alert(1)',
    `https://${'a'.repeat(300)}`
  ]) {
    t.notOk(allows(origin, OWN), origin)
  }
})

t.test('[R3] a list takes exactly its entries, programs without Origin, and pages of this proxy', async t => {
  const allows = createOriginPolicy(['https://example.org', 'http://localhost:3000'])
  for (const [origin, expected] of [
    [undefined, true],
    ['https://example.org', true],
    ['http://localhost:3000', true],
    ['http://localhost:9009', true],
    ['https://example.org:8443', false],
    ['http://example.org', false],
    ['https://sub.example.org', false],
    ['https://example.org.evil.example', false],
    ['https://EXAMPLE.org', false],
    ['https://example.org/', false],
    ['http://localhost:3001', false],
    ['http://127.0.0.1:3000', false],
    ['http://127.0.0.1:9009', false],
    ['null', false],
    ['', false]
  ] as const)
    t.equal(allows(origin, OWN), expected, String(origin))
})

t.test('[R3] null is a class of its own', async t => {
  const allows = createOriginPolicy(['null'])
  t.ok(allows('null', []))
  t.notOk(allows('https://example.org', []))
})

t.test('an entry of the list has the form that browsers send', async t => {
  for (const origin of ['null', 'https://example.org', 'http://localhost:3000', 'moz-extension://0a-1b'])
    t.ok(isSerialisedOrigin(origin), origin)
  for (const origin of [
    'https://example.org/',
    'https://example.org:443',
    'https://Example.org',
    '*',
    'example.org',
    'https://*.example.org',
    ''
  ]) {
    t.notOk(isSerialisedOrigin(origin), origin)
  }
  t.ok(isOrigin('https://example.org:443'), 'which is more than has the form of an origin')
})
