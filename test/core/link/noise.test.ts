// The Noise handshake against the public vectors, and the ciphers it leaves.
import t from 'tap'
import { CipherState, NONCE_LIMIT, NoiseInitiator, NoiseResponder } from '../../../src/core/link/wire/noise.ts'
import { hex, primitives, unhex, utf8, vectors } from '../../support/link.ts'

interface NoiseVector {
  protocol_name: string
  init_prologue: string
  init_static: string
  init_ephemeral: string
  resp_prologue: string
  resp_static: string
  resp_ephemeral: string
  handshake_hash?: string
  messages: { payload: string; ciphertext: string }[]
}
const ours = (vectors('noise-ix.json') as { vectors: NoiseVector[] }).vectors.filter(
  vector => vector.protocol_name === 'Noise_IX_25519_ChaChaPoly_SHA512'
)

/** The key pairs of one side. */
const keys = (s = primitives.randomBytes(32), e = primitives.randomBytes(32)) => ({
  s: primitives.x25519KeyPair(s),
  e: primitives.x25519KeyPair(e)
})

/** A finished handshake with random keys. */
function handshake() {
  const initiator = new NoiseInitiator(primitives, utf8('p'), keys())
  const responder = new NoiseResponder(primitives, utf8('p'), keys())
  responder.read(initiator.write(utf8('')))
  const written = responder.write(utf8(''))!
  return { i: initiator.read(written.message)!.split, r: written.split }
}

t.test('both sides give the bytes of the public vectors', async t => {
  t.ok(ours.length > 0)
  for (const vector of ours) {
    const own = keys(unhex(vector.init_static), unhex(vector.init_ephemeral))
    const remote = keys(unhex(vector.resp_static), unhex(vector.resp_ephemeral))
    const initiator = new NoiseInitiator(primitives, unhex(vector.init_prologue), own)
    const responder = new NoiseResponder(primitives, unhex(vector.resp_prologue), remote)
    const [first, second, ...rest] = vector.messages
    const message1 = initiator.write(unhex(first!.payload))
    t.equal(hex(message1), first!.ciphertext)
    const taken = responder.read(message1)!
    t.equal(hex(taken.payload), first!.payload)
    t.equal(hex(taken.rs), hex(own.s.publicKey))
    const written = responder.write(unhex(second!.payload))!
    t.equal(hex(written.message), second!.ciphertext)
    const read = initiator.read(written.message)!
    t.equal(hex(read.payload), second!.payload)
    t.equal(hex(read.rs), hex(remote.s.publicKey))
    if (vector.handshake_hash !== undefined) t.equal(hex(read.split.h), vector.handshake_hash)
    t.equal(hex(written.split.h), hex(read.split.h))
    for (const [index, { payload, ciphertext }] of rest.entries()) {
      const [from, to] = index % 2 === 0 ? [read.split.c1, written.split.c1] : [written.split.c2, read.split.c2]
      t.equal(hex(from.seal(unhex(payload))!), ciphertext)
      t.equal(hex(to.open(unhex(ciphertext))!), payload)
    }
  }
})

t.test('a key without a secret ends the handshake on either side', async t => {
  // Points of small order and their non-canonical spellings, which all give an all-zero secret.
  const weak = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`
  ]
  for (const key of weak) {
    const good = hex(keys().s.publicKey)
    for (const [e, s] of [
      [key, good],
      [good, key]
    ] as const) {
      const responder = new NoiseResponder(primitives, utf8(''), keys())
      responder.read(unhex(e + s))
      t.equal(responder.write(utf8('')), undefined, `responder, ${key.slice(0, 4)}`)
    }
    const initiator = new NoiseInitiator(primitives, utf8(''), keys())
    initiator.write(utf8(''))
    t.equal(initiator.read(unhex(key + '00'.repeat(64))), undefined, `initiator, ${key.slice(0, 4)}`)
  }
})

t.test('short messages are refused', async t => {
  const responder = new NoiseResponder(primitives, utf8(''), keys())
  t.equal(responder.read(new Uint8Array(63)), undefined)
  t.equal(responder.write(utf8('')), undefined, 'nothing was read')
  const initiator = new NoiseInitiator(primitives, utf8(''), keys())
  initiator.write(utf8(''))
  t.equal(initiator.read(new Uint8Array(79)), undefined)
})

t.test('a different prologue, or a changed bit in message 2, ends the handshake', async t => {
  const initiator = () => {
    const side = new NoiseInitiator(primitives, utf8('one'), keys())
    return { side, message: side.write(utf8('')) }
  }
  const answer = (prologue: string, message: Uint8Array): Uint8Array => {
    const responder = new NoiseResponder(primitives, utf8(prologue), keys())
    responder.read(message)
    return responder.write(utf8(''))!.message
  }
  const other = initiator()
  t.equal(other.side.read(answer('two', other.message)), undefined)
  for (const at of [0, 31, 32, 63, 79, 80, 95]) {
    const { side, message } = initiator()
    const reply = answer('one', message)
    reply[at]! ^= 0x10
    t.equal(side.read(reply), undefined, `byte ${at}`)
  }
})

t.test('a message opens once, in order and unchanged', async t => {
  const { i, r } = handshake()
  const [first, second] = [i.c1.seal(utf8('first'))!, i.c1.seal(utf8('second'))!]
  t.equal(r.c1.open(second), undefined, 'reordered')
  t.equal(hex(r.c1.open(first)!), hex(utf8('first')), 'a failure does not move the counter')
  t.equal(r.c1.open(first), undefined, 'replayed')
  const flipped = second.slice()
  flipped[0]! ^= 1
  t.equal(r.c1.open(flipped), undefined, 'flipped')
  t.equal(r.c2.open(second), undefined, 'reflected')
  t.equal(r.c1.open(second.subarray(0, -1)), undefined, 'truncated')
  t.equal(r.c1.open(new Uint8Array(15)), undefined, 'shorter than a tag')
  t.equal(hex(r.c1.open(second)!), hex(utf8('second')))
})

t.test('rekey changes the key of one direction and keeps the counter', async t => {
  const { i, r } = handshake()
  t.ok(r.c1.open(i.c1.seal(utf8('before'))!))
  i.c1.rekey()
  const after = i.c1.seal(utf8('after'))!
  t.equal(i.c1.n, 2)
  t.equal(r.c1.open(after), undefined, 'not with the old key')
  r.c1.rekey()
  t.equal(hex(r.c1.open(after)!), hex(utf8('after')))
  t.ok(i.c2.open(r.c2.seal(utf8('back'))!), 'the other direction goes on')
})

t.test('rekey is that of Noise', async t => {
  const key = primitives.randomBytes(32)
  const cipher = new CipherState(primitives, key)
  cipher.rekey()
  const nonce = unhex('00000000ffffffffffffffff')
  const expected = primitives.aeadSeal(key, nonce, utf8(''), new Uint8Array(32)).subarray(0, 32)
  t.equal(hex(cipher.seal(utf8('x'))!), hex(new CipherState(primitives, expected).seal(utf8('x'))!))
})

t.test('nonces hold the counter in little-endian up to the limit, where both ways end', async t => {
  const key = primitives.randomBytes(32)
  const sealed = new CipherState(primitives, key, 0x01_0203_0405).seal(utf8('x'))!
  t.equal(hex(sealed), hex(primitives.aeadSeal(key, unhex('000000000504030201000000'), utf8(''), utf8('x'))))
  const last = new CipherState(primitives, key, NONCE_LIMIT - 1)
  t.equal(NONCE_LIMIT, 2 ** 40)
  const message = last.seal(utf8('last'))!
  t.equal(last.seal(utf8('one more')), undefined)
  const reader = new CipherState(primitives, key, NONCE_LIMIT - 1)
  t.ok(reader.open(message))
  t.equal(reader.open(message), undefined)
})

t.test('an erased cipher does nothing', async t => {
  const { i, r } = handshake()
  const message = i.c1.seal(utf8('x'))!
  i.c1.erase()
  r.c1.erase()
  t.equal(i.c1.seal(utf8('y')), undefined)
  t.equal(r.c1.open(message), undefined)
})
