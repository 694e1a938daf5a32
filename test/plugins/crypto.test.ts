// The cryptography of a run: ids, tags, and the primitives with every trap of the libraries below them.
import Fastify from 'fastify'
import t from 'tap'
import cryptoPlugin, { createCrypto } from '../../src/plugins/crypto/index.ts'

const crypto = await createCrypto()

t.test('an app is decorated with crypto', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cryptoPlugin)
  await app.ready()
  t.match(app.crypto.proxyId.text, /^[a-z2-7]{26}$/)
  t.match(app.crypto.channelTag('webchat'), /^[0-9a-f]{8}$/)
})
