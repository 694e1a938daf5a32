// NWS_ICE_SERVERS and the credentials made from it.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { iceServersFor, parseIceServers } from '../../../src/core/bonevalue/ice-servers.ts'

const hmac = (key: string, text: string): string => createHmac('sha1', key).update(text).digest('base64')

t.test('what can be read', async t => {
  t.strictSame(parseIceServers(''), [])
  t.strictSame(parseIceServers('[]'), [])
  t.strictSame(parseIceServers('[{"urls":"stun:a.example"}]'), [{ urls: ['stun:a.example'] }])
  t.strictSame(
    parseIceServers(
      '[{"urls":["turn:a.example:3478?transport=udp","turns:a.example"],"username":"u","credential":"c"}]'
    ),
    [{ urls: ['turn:a.example:3478?transport=udp', 'turns:a.example'], username: 'u', credential: 'c' }]
  )
  for (const text of [
    '{}',
    'stun:a',
    '[1]',
    '[{}]',
    '[{"urls":[]}]',
    '[{"urls":"http://a"}]',
    '[{"urls":"stun:a b"}]',
    '[{"urls":"turn:a","username":"u"}]',
    '[{"urls":"turn:a","username":"u","credential":"c","secret":"s"}]',
    '[{"urls":"turn:a","secret":""}]',
    '[{"urls":"turn:a","url":"x"}]',
    '[null]',
    '['
  ]) {
    t.equal(parseIceServers(text), undefined, text)
  }
})

t.test('a secret becomes a name with an end and its hash, and is not sent', async t => {
  const [server, plain] = iceServersFor(
    parseIceServers('[{"urls":"turn:a","secret":"s"},{"urls":"stun:a"}]')!,
    '42',
    1_000_000_500,
    hmac
  )
  t.strictSame(server, {
    urls: ['turn:a'],
    username: `${1_000_000 + 12 * 3600}:42`,
    credential: hmac('s', `${1_000_000 + 12 * 3600}:42`)
  })
  t.strictSame(plain, { urls: ['stun:a'] })
})
