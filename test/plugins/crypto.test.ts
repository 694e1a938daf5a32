// The cryptography of a run: ids, tags, and the primitives with every trap of the libraries below them.
import Fastify from 'fastify'
import sodium from 'libsodium-wrappers-sumo'
import t from 'tap'
import { fromBase32 } from '../../src/core/bytes.ts'
import type { LinkPrimitives } from '../../src/core/link/primitives.ts'
import cryptoPlugin, { createCrypto } from '../../src/plugins/crypto/index.ts'
import { NATIVE_AEAD_FROM, nativeOpen, nativeSeal, sodiumAead } from '../../src/plugins/crypto/primitives.ts'
import { hex, unhex, utf8, vectors } from '../support/link.ts'

const crypto = await createCrypto()
const { link } = crypto

interface Ristretto {
  base_multiples: string[]
  invalid_encodings: string[]
  derivation: { in: string; out: string }[]
  hash_to_ristretto255_via_oprf: {
    groupDST: string
    vectors: { Input: string; Blind: string; BlindedElement: string }[]
  }
}
const ristretto = vectors('ristretto.json') as Ristretto

t.test('an app is decorated with crypto', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cryptoPlugin)
  await app.ready()
  t.match(app.crypto.proxyId.text, /^[a-z2-7]{26}$/)
  t.match(app.crypto.channelTag('webchat'), /^[0-9a-f]{8}$/)
})

t.test('a run has an id of 16 bytes that another run does not share', async t => {
  t.equal(crypto.proxyId.bytes.length, 16)
  t.strictSame(fromBase32(crypto.proxyId.text), crypto.proxyId.bytes)
  t.not((await createCrypto()).proxyId.text, crypto.proxyId.text)
})

t.test('a tag tells channels of one run apart and says nothing to another run', async t => {
  const tag = crypto.channelTag('webchat')
  t.match(tag, /^[0-9a-f]{8}$/)
  t.equal(crypto.channelTag('webchat'), tag)
  t.not(crypto.channelTag('Webchat'), tag)
  t.not((await createCrypto()).channelTag('webchat'), tag)
  const plain = hex(sodium.crypto_generichash(32, 'webchat', null))
  t.notOk(plain.includes(tag), 'not a hash without a key')
  t.match(crypto.channelKey('webchat'), /^[0-9a-f]{32}$/)
  t.ok(crypto.channelKey('webchat').startsWith(tag))
})

t.test('tags stay the same for more names than are remembered', async t => {
  const tag = crypto.channelTag('webchat')
  const others = new Set<string>()
  for (let i = 0; i < 5000; i++) others.add(crypto.channelKey(`name-${i}`))
  t.equal(others.size, 5000)
  t.equal(crypto.channelTag('webchat'), tag)
})

t.test('peer ids are 22 URL-safe characters and never repeat', async t => {
  const ids = new Set<string>()
  for (let i = 0; i < 2000; i++) ids.add(crypto.peerId())
  t.equal(ids.size, 2000)
  t.ok([...ids].every(id => /^[A-Za-z0-9_-]{22}$/.test(id)))
})

t.test('random bytes have the length asked for, and are plain arrays', async t => {
  t.equal(crypto.randomBytes(33).length, 33)
  t.notOk(Buffer.isBuffer(crypto.randomBytes(4)))
  t.not(hex(crypto.randomBytes(16)), hex(crypto.randomBytes(16)))
})

t.test('ristretto255 gives the multiples and derivations of RFC 9496', async t => {
  for (const [k, expected] of ristretto.base_multiples.entries()) {
    const scalar = new Uint8Array(32).fill(k, 0, 1)
    const result = link.scalarMultBase(scalar)
    t.equal(result && hex(result), k === 0 ? undefined : expected, `${k} times the base`)
    if (k > 0) t.ok(link.isValidElement(unhex(expected)))
  }
  for (const row of ristretto.derivation) t.equal(hex(link.fromHash(unhex(row.in))), row.out)
})

t.test('hash to group, as RFC 9497 blinds it, agrees', async t => {
  const { groupDST, vectors: rows } = ristretto.hash_to_ristretto255_via_oprf
  for (const row of rows) {
    const element = link.fromHash(expandMessage(unhex(row.Input), unhex(groupDST)))
    t.equal(hex(link.scalarMult(unhex(row.Blind), element)!), row.BlindedElement)
  }
})

/** expand_message_xmd of RFC 9380 §5.3.1 with SHA-512, 64 bytes. */
function expandMessage(message: Uint8Array, dst: Uint8Array): Uint8Array {
  const suffix = Buffer.concat([dst, Uint8Array.of(dst.length)])
  const b0 = link.sha512(Buffer.concat([new Uint8Array(128), message, Uint8Array.of(0, 64, 0), suffix]))
  return link.sha512(Buffer.concat([b0, Uint8Array.of(1), suffix]))
}

t.test('no invalid encoding and no identity is an element', async t => {
  const scalar = new Uint8Array(32).fill(5, 0, 1)
  t.equal(ristretto.invalid_encodings.length, 30)
  for (const encoding of [...ristretto.invalid_encodings, '00'.repeat(32)]) {
    t.notOk(link.isValidElement(unhex(encoding)), encoding.slice(0, 16))
    t.equal(link.scalarMult(scalar, unhex(encoding)), undefined, encoding.slice(0, 16))
  }
})

t.test('a scalar that is zero, or the group order, gives no element', async t => {
  const element = unhex(ristretto.base_multiples[1]!)
  const order = unhex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
  for (const scalar of [new Uint8Array(32), order]) {
    t.equal(link.scalarMult(scalar, element), undefined)
    t.equal(link.scalarMultBase(scalar), undefined)
  }
})

t.test('what only a mistake of our own can pass throws, strings among it', async t => {
  const text = 'a'.repeat(32) as unknown as Uint8Array
  const element = unhex(ristretto.base_multiples[1]!)
  const [key, nonce, none] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(0)]
  const mistakes: [string, () => unknown][] = [
    ['from_hash of nothing', () => link.fromHash(none)],
    ['from_hash of 63 bytes', () => link.fromHash(new Uint8Array(63))],
    ['from_hash of 65 bytes', () => link.fromHash(new Uint8Array(65))],
    ['from_hash of a text', () => link.fromHash('a'.repeat(64) as unknown as Uint8Array)],
    ['a text as scalar', () => link.scalarMult(text, element)],
    ['a text as element', () => link.scalarMult(element, text)],
    ['a short element', () => link.scalarMult(key, element.subarray(1))],
    ['a short scalar for the base', () => link.scalarMultBase(key.subarray(1))],
    ['a long element', () => link.isValidElement(new Uint8Array(33))],
    ['a text to hash', () => link.sha512(text)],
    ['a text as key of a MAC', () => link.hmacSha512(text, none)],
    ['a text as message of a MAC', () => link.hmacSha512(none, text)],
    ['a short X25519 key', () => link.x25519KeyPair(key.subarray(1))],
    ['a short X25519 public key', () => link.x25519(key, key.subarray(1))],
    ['a short AEAD key', () => link.aeadSeal(key.subarray(1), nonce, none, none)],
    ['a short nonce', () => link.aeadSeal(key, nonce.subarray(1), none, none)],
    ['a text to seal', () => link.aeadSeal(key, nonce, none, text)],
    ['a text to open', () => link.aeadOpen(key, nonce, none, text)],
    ['a text to compare', () => link.equal(key, text)]
  ]
  for (const [what, run] of mistakes) t.throws(run, { code: 'NWS_ERR_INTERNAL' }, what)
})

t.test('X25519 gives the values of RFC 7748 and no all-zero secret', async t => {
  const bob = link.x25519KeyPair(unhex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'))
  t.equal(hex(bob.publicKey), 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
  const alice = unhex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
  t.equal(hex(link.x25519(bob.secretKey, alice)!), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
  t.equal(link.x25519(bob.secretKey, new Uint8Array(32)), undefined)
})

t.test('HMAC and SHA-512 give the values of RFC 4231 and FIPS 180', async t => {
  t.equal(
    hex(link.hmacSha512(utf8('Jefe'), utf8('what do ya want for nothing?'))),
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737'
  )
  t.equal(
    hex(link.sha512(utf8('abc'))),
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'
  )
})

t.test('the AEAD gives the values of RFC 8439', async t => {
  const key = unhex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f')
  const [nonce, ad] = [unhex('070000004041424344454647'), unhex('50515253c0c1c2c3c4c5c6c7')]
  const text = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  )
  for (const seal of [link.aeadSeal, nativeSeal]) {
    const sealed = hex(seal(key, nonce, ad, text))
    t.ok(sealed.startsWith('d31a8d34648e60db7b86afbc53ef7ec2'))
    t.ok(sealed.endsWith('1ae10b594f09e26a7e902ecbd0600691'))
  }
})

t.test('libsodium and node:crypto give the same bytes at every length, across the switch', async t => {
  const short: Pick<LinkPrimitives, 'aeadSeal' | 'aeadOpen'> = sodiumAead(sodium)
  const [key, nonce] = [crypto.randomBytes(32), crypto.randomBytes(12)]
  for (const length of [
    0,
    1,
    15,
    16,
    17,
    64,
    NATIVE_AEAD_FROM - 17,
    NATIVE_AEAD_FROM - 1,
    NATIVE_AEAD_FROM,
    NATIVE_AEAD_FROM + 1,
    65_519
  ]) {
    for (const ad of [new Uint8Array(0), crypto.randomBytes(64)]) {
      const text = crypto.randomBytes(length)
      const sealed = link.aeadSeal(key, nonce, ad, text)
      t.equal(sealed.length, length + 16)
      t.ok(Buffer.from(short.aeadSeal(key, nonce, ad, text)).equals(sealed), `libsodium, ${length} bytes`)
      t.ok(Buffer.from(nativeSeal(key, nonce, ad, text)).equals(sealed), `node:crypto, ${length} bytes`)
      for (const open of [link.aeadOpen, short.aeadOpen, nativeOpen]) {
        const opened = open(key, nonce, ad, sealed)
        t.ok(opened && !Buffer.isBuffer(opened) && Buffer.from(opened).equals(text), `${length} bytes open`)
        for (const at of [0, length, length + 15])
          t.equal(
            open(key, nonce, ad, sealed.with(at, sealed[at]! ^ 1)),
            undefined,
            `${length} bytes, flipped at ${at}`
          )
        t.equal(open(key, nonce, crypto.randomBytes(3), sealed), undefined, 'other associated data')
        t.equal(open(key, nonce, ad, sealed.subarray(1)), undefined, 'cut')
        t.equal(open(key, nonce, ad, sealed.subarray(0, 15)), undefined, 'shorter than a tag')
      }
    }
  }
})

t.test('comparison takes lengths into account and does not throw', async t => {
  t.ok(link.equal(unhex('0102'), unhex('0102')))
  t.notOk(link.equal(unhex('0102'), unhex('0103')))
  t.notOk(link.equal(unhex('0102'), unhex('010203')))
})

t.test('results are plain arrays of their own', async t => {
  const hash = link.sha512(utf8(''))
  t.notOk(Buffer.isBuffer(hash))
  const secretKey = crypto.randomBytes(32)
  const pair = link.x25519KeyPair(secretKey)
  pair.secretKey.fill(0)
  t.notOk(
    secretKey.every(byte => byte === 0),
    'the argument is not the result'
  )
})
