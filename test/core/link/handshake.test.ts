// W0 and W1 with all that a listener must refuse, and the values that both ends derive.
import t from 'tap'
import { HandshakeInitiator, acceptHandshake, linkTranscript, sameToken } from '../../../src/core/link/handshake.ts'
import { concat, lv, u8 } from '../../../src/core/bytes.ts'
import { NoiseInitiator } from '../../../src/core/link/noise.ts'
import { hex, primitives, utf8 } from '../../support/link.ts'

const small = new Uint8Array(16).fill(0x11)
const large = new Uint8Array(16).fill(0x22)
const other = new Uint8Array(16).fill(0x33)
const zero = new Uint8Array(16)

/** Dials and accepts; throws where the listener refuses. */
function connect(idI: Uint8Array, idR: Uint8Array, dialled?: Uint8Array) {
  const dialler = new HandshakeInitiator(primitives, idI, dialled)
  const accepted = acceptHandshake(primitives, idR, dialler.w0)
  if (!accepted.ok) throw new Error(accepted.reason)
  const finished = dialler.finish(accepted.value.w1)
  if (!finished.ok) throw new Error(finished.reason)
  return { w0: dialler.w0, accepted: accepted.value, i: finished.value, r: accepted.value.keys }
}

t.test('two ends that name each other share hash, secret and ciphers', async t => {
  const { w0, accepted, i, r } = connect(small, large, large)
  t.equal(w0.length, 68)
  t.equal(hex(w0.subarray(0, 36)), hex(concat(utf8('NWS2'), small, large)))
  t.equal(accepted.w1.length, 48)
  t.equal(hex(accepted.idI), hex(small))
  t.ok(accepted.dialledById)
  t.equal(hex(i.h), hex(r.h))
  t.equal(hex(i.sameKey), hex(r.sameKey))
  t.equal(i.sameKey.length, 32)
  t.equal(hex(r.receive.open(i.send.seal(utf8('to R'))!)!), hex(utf8('to R')))
  t.equal(hex(i.receive.open(r.send.seal(utf8('to I'))!)!), hex(utf8('to I')))
})

t.test('an unknown id is dialled with zeros, also from the larger id', async t => {
  const { w0, accepted } = connect(large, small)
  t.equal(hex(w0.subarray(20, 36)), hex(zero))
  t.notOk(accepted.dialledById)
})

t.test('the prologue is the first 36 bytes of W0', async t => {
  const ephemeral = primitives.randomBytes(32)
  const { w0 } = new HandshakeInitiator(primitives, small, large, ephemeral)
  const noise = new NoiseInitiator(primitives, w0.subarray(0, 36), ephemeral)
  t.equal(hex(noise.write(utf8(''))), hex(w0.subarray(36)))
  const accepted = acceptHandshake(primitives, large, w0)
  t.ok(accepted.ok && noise.read(accepted.value.w1) !== undefined)
})

t.test('a listener refuses every other W0', async t => {
  const w0 = (
    magic: string,
    idI: Uint8Array,
    idR: Uint8Array,
    tail = primitives.x25519KeyPair(primitives.randomBytes(32)).publicKey
  ): Uint8Array => concat(utf8(magic), idI, idR, tail)
  const good = w0('NWS2', small, large)
  t.ok(acceptHandshake(primitives, large, good).ok, 'the control is accepted')
  const refused: [string, Uint8Array, number][] = [
    ['nothing', new Uint8Array(0), 1002],
    ['one byte less', good.subarray(0, 67), 1002],
    ['one byte more', concat(good, u8(0)), 1002],
    ['another magic', w0('NWS1', small, large), 1002],
    ['no id', w0('NWS2', zero, large), 1002],
    ['its own id', w0('NWS2', large, zero), 1002],
    ['its own id by id', w0('NWS2', large, large), 1002],
    ['for another id', w0('NWS2', small, other), 1002],
    ['by id from the larger id', w0('NWS2', other, large), 1002],
    ['a key without a secret', w0('NWS2', small, large, new Uint8Array(32)), 1008]
  ]
  for (const [what, bytes, close] of refused)
    t.match(acceptHandshake(primitives, large, bytes), { ok: false, close }, what)
})

t.test('a dialler refuses every other W1', async t => {
  const dial = (change: (w1: Uint8Array) => Uint8Array) => {
    const dialler = new HandshakeInitiator(primitives, small, large)
    const accepted = acceptHandshake(primitives, large, dialler.w0)
    return dialler.finish(change(accepted.ok ? accepted.value.w1 : new Uint8Array(0)))
  }
  t.ok(dial(w1 => w1).ok, 'the control is accepted')
  t.match(
    dial(w1 => w1.subarray(0, 47)),
    { ok: false, close: 1002 }
  )
  t.match(
    dial(w1 => concat(w1, u8(0))),
    { ok: false, close: 1002 }
  )
  t.match(
    dial(w1 => concat(new Uint8Array(32), w1.subarray(32))),
    { ok: false, close: 1008 }
  )
  for (let at = 0; at < 48; at++) {
    // Bit 7 of the last byte of a public key is ignored by X25519, but hashed by Noise.
    t.match(
      dial(w1 => w1.with(at, w1[at]! ^ 0x80)),
      { ok: false, close: 1008 },
      `byte ${at}`
    )
  }
})

t.test('W0 changed on its way never ends in a link', async t => {
  const dialler = new HandshakeInitiator(primitives, small)
  const changed = dialler.w0.with(4, 0x12)
  const accepted = acceptHandshake(primitives, large, changed)
  t.ok(accepted.ok)
  t.match(accepted.ok && dialler.finish(accepted.value.w1), { ok: false, close: 1008 })
})

t.test('L binds the handshake hash and both HELLOs', async t => {
  const [h, helloI, helloR] = [primitives.randomBytes(64), primitives.randomBytes(25), primitives.randomBytes(25)]
  const L = hex(linkTranscript(primitives, h, helloI, helloR))
  t.equal(L, hex(primitives.sha512(lv(utf8('NWS2/link'), h, helloI, helloR))))
  t.not(hex(linkTranscript(primitives, h.with(0, h[0]! ^ 1), helloI, helloR)), L)
  t.not(hex(linkTranscript(primitives, h, helloI.with(24, helloI[24]! ^ 1), helloR)), L)
  t.not(hex(linkTranscript(primitives, h, helloR, helloI)), L)
})

t.test('a token of SAME comes from the other link, and both ends compute it', async t => {
  const [one, two] = [connect(small, large, large), connect(large, small)]
  const L = primitives.randomBytes(64)
  const token = hex(sameToken(primitives, one.i.sameKey, L, 'I'))
  t.equal(token.length, 64)
  t.equal(hex(sameToken(primitives, one.r.sameKey, L, 'I')), token)
  t.not(hex(sameToken(primitives, one.r.sameKey, L, 'R')), token, 'the other role')
  t.not(hex(sameToken(primitives, two.i.sameKey, L, 'I')), token, 'another link')
  t.not(hex(sameToken(primitives, one.i.sameKey, primitives.randomBytes(64), 'I')), token, 'sent on another link')
  t.not(hex(sameToken(primitives, one.i.h, L, 'I')), token, 'what is public is not the key')
})
