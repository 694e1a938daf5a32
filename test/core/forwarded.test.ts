// The client behind reverse proxies: what they say counts only if they are trusted.
import t from 'tap'
import { forwardedClient } from '../../src/core/forwarded.ts'
import { listenerUrl } from '../../src/core/bonevalue/listener-url.ts'

t.test('[R24] headers of forwarding count only from trusted proxies', async t => {
  for (const [given, peer, trusted, expected] of [
    ['1.2.3.4', '10.0.0.9', [], '10.0.0.9'],
    ['1.2.3.4', '10.0.0.9', ['10.0.0.8'], '10.0.0.9'],
    ['1.2.3.4', '10.0.0.8', ['10.0.0.8'], '1.2.3.4'],
    ['1.2.3.4', '::ffff:10.0.0.8', ['10.0.0.8'], '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4', '10.0.0.8', ['10.0.0.8'], '1.2.3.4'],
    ['1.2.3.4, 10.0.0.7', '10.0.0.8', ['10.0.0.8', '10.0.0.7'], '1.2.3.4'],
    ['10.0.0.7', '10.0.0.8', ['10.0.0.8', '10.0.0.7'], '10.0.0.7'],
    ['unknown', '10.0.0.8', ['10.0.0.8'], '10.0.0.8'],
    ['1.2.3.4, <script>', '10.0.0.8', ['10.0.0.8'], '10.0.0.8'],
    [undefined, '10.0.0.8', ['10.0.0.8'], '10.0.0.8'],
    ['2001:db8:0:0::1', '::1', ['::1'], '2001:db8::1']
  ] as const) {
    const { address } = forwardedClient({ 'x-forwarded-for': given }, peer, trusted)
    t.equal(address, expected, `${given} from ${peer}`)
  }
  const proto = (scheme: string, trusted: string[]) =>
    forwardedClient({ 'x-forwarded-proto': scheme }, '::1', trusted).isSecure
  t.strictSame([proto('https', ['::1']), proto('http', ['::1']), proto('https', [])], [true, false, undefined])
})

t.test('links have the outside name', async t => {
  const settings = { bv: true, bvListen: '127.0.0.1:9011', tlsCert: '' }
  for (const [bvHosts, trustedProxies, expected] of [
    [['p2p.example.com'], ['127.0.0.1'], 'https://p2p.example.com'],
    [['p2p.example.com:8443'], ['127.0.0.1'], 'https://p2p.example.com:8443'],
    [['p2p.example.com'], [], 'http://p2p.example.com:9011'],
    [[], ['127.0.0.1'], 'http://127.0.0.1:9011']
  ] as [string[], string[], string][])
    t.equal(listenerUrl({ ...settings, bvHosts, trustedProxies }), expected)
})
