// W0 and W1 with all that either end must refuse, and the ids and values that both ends derive.
import t from 'tap'
import { concat, lv, u8 } from '../../../src/core/bytes.ts'
import {
  HandshakeInitiator,
  acceptHandshake,
  createIdentity,
  linkTranscript,
  type Identity
} from '../../../src/core/link/wire/handshake.ts'
import { NoiseInitiator } from '../../../src/core/link/wire/noise.ts'
import { hex, primitives, utf8 } from '../../support/link.ts'

const one = createIdentity(primitives)
const two = createIdentity(primitives)
const other = createIdentity(primitives)
const zero = new Uint8Array(16)

/** Dials and accepts; throws if the listener refuses. */
function connect(i: Identity, r: Identity, dialled?: Uint8Array) {
  const dialler = new HandshakeInitiator(primitives, i, dialled)
  const accepted = acceptHandshake(primitives, r, dialler.w0)
  if (!accepted.ok) throw new Error(accepted.reason)
  const finished = dialler.finish(accepted.value.w1)
  if (!finished.ok) throw new Error(finished.reason)
  return { w0: dialler.w0, w1: accepted.value.w1, i: finished.value, r: accepted.value.keys }
}

t.test('an id is the first quarter of the hash of its key', async t => {
  t.equal(hex(one.id), hex(primitives.sha512(concat(utf8('NWS3/id'), one.keys.publicKey)).slice(0, 16)))
  t.not(hex(one.id), hex(two.id))
})

t.test('two ends share hash and ciphers, and each knows the id of the other', async t => {
  for (const dialled of [two.id, undefined]) {
    const { w0, w1, i, r } = connect(one, two, dialled)
    t.equal(w0.length, 84)
    t.equal(hex(w0.subarray(0, 20)), hex(concat(utf8('NWS3'), dialled ?? zero)))
    t.equal(w1.length, 96)
    t.equal(hex(i.remoteId), hex(two.id))
    t.equal(hex(r.remoteId), hex(one.id))
    t.equal(hex(i.h), hex(r.h))
    t.equal(hex(r.receive.open(i.send.seal(utf8('to R'))!)!), hex(utf8('to R')))
    t.equal(hex(i.receive.open(r.send.seal(utf8('to I'))!)!), hex(utf8('to I')))
  }
})

t.test('the prologue is the first 20 bytes of W0', async t => {
  const ephemeral = primitives.randomBytes(32)
  const { w0 } = new HandshakeInitiator(primitives, one, two.id, ephemeral)
  const e = primitives.x25519KeyPair(ephemeral)
  const noise = new NoiseInitiator(primitives, w0.subarray(0, 20), { s: one.keys, e })
  t.equal(hex(noise.write(utf8(''))), hex(w0.subarray(20)))
  const accepted = acceptHandshake(primitives, two, w0)
  t.ok(accepted.ok && noise.read(accepted.value.w1) !== undefined)
})

t.test('a listener refuses every other W0', async t => {
  const e = primitives.x25519KeyPair(primitives.randomBytes(32)).publicKey
  const w0 = (magic: string, idR: Uint8Array, first = e, second = one.keys.publicKey): Uint8Array =>
    concat(utf8(magic), idR, first, second)
  const good = w0('NWS3', two.id)
  t.ok(acceptHandshake(primitives, two, good).ok, 'the control is accepted')
  const refused: [string, Uint8Array, number][] = [
    ['nothing', new Uint8Array(0), 1002],
    ['one byte less', good.subarray(0, 83), 1002],
    ['one byte more', concat(good, u8(0)), 1002],
    ['another magic', w0('NWS2', two.id), 1002],
    ['for another id', w0('NWS3', other.id), 1002],
    ['from its own key', w0('NWS3', two.id, e, two.keys.publicKey), 1002],
    ['an ephemeral key without a secret', w0('NWS3', two.id, new Uint8Array(32)), 1008],
    ['a static key without a secret', w0('NWS3', two.id, e, new Uint8Array(32)), 1008]
  ]
  for (const [what, bytes, close] of refused)
    t.match(acceptHandshake(primitives, two, bytes), { ok: false, close }, what)
})

t.test('a dialler refuses every other W1', async t => {
  const dial = (change: (w1: Uint8Array) => Uint8Array, dialled?: Uint8Array, answering = two) => {
    const dialler = new HandshakeInitiator(primitives, one, dialled)
    const w0 = dialled === undefined ? dialler.w0 : dialler.w0.with(4, dialler.w0[4]!)
    const accepted = acceptHandshake(primitives, answering, w0)
    return dialler.finish(change(accepted.ok ? accepted.value.w1 : new Uint8Array(0)))
  }
  t.ok(dial(w1 => w1).ok, 'the control is accepted')
  for (const change of [(w1: Uint8Array) => w1.subarray(0, 95), (w1: Uint8Array) => concat(w1, u8(0))])
    t.match(dial(change), { ok: false, close: 1002 })
  t.match(
    dial(w1 => concat(new Uint8Array(32), w1.subarray(32))),
    { ok: false, close: 1008 }
  )
  for (let at = 0; at < 96; at++) {
    // Bit 7 of the last byte of a public key is ignored by X25519, but hashed by Noise.
    t.match(
      dial(w1 => w1.with(at, w1[at]! ^ 0x80)),
      { ok: false, close: 1008 },
      `byte ${at}`
    )
  }
})

t.test('an id that was dialled is not answered by another', async t => {
  const dialler = new HandshakeInitiator(primitives, one, two.id)
  // A listener that does not look at the id: the key that it shows is another, and so is the hash.
  const noise = acceptHandshake(primitives, { ...other, id: two.id }, dialler.w0)
  t.match(noise.ok && dialler.finish(noise.value.w1), { ok: false, close: 1002 })
})

t.test('a claimed key without its secret opens nothing', async t => {
  // The thief shows the public key of another, with a secret of its own.
  const thief = { keys: { secretKey: other.keys.secretKey, publicKey: one.keys.publicKey }, id: one.id }
  const dialler = new HandshakeInitiator(primitives, thief)
  const accepted = acceptHandshake(primitives, two, dialler.w0)
  t.ok(accepted.ok)
  const finished = accepted.ok ? dialler.finish(accepted.value.w1) : accepted
  t.notOk(finished.ok, 'it cannot even read W1')
})

t.test('W0 changed on its way never ends in a link', async t => {
  for (const at of [25, 60]) {
    const dialler = new HandshakeInitiator(primitives, one)
    const changed = dialler.w0.with(at, dialler.w0[at]! ^ 1)
    const accepted = acceptHandshake(primitives, two, changed)
    t.ok(accepted.ok)
    t.match(accepted.ok && dialler.finish(accepted.value.w1), { ok: false, close: 1008 })
  }
})

t.test('L binds the handshake hash and both HELLOs', async t => {
  const [h, helloI, helloR] = [primitives.randomBytes(64), primitives.randomBytes(34), primitives.randomBytes(34)]
  const L = hex(linkTranscript(primitives, h, helloI, helloR))
  t.equal(L, hex(primitives.sha512(lv(utf8('NWS3/link'), h, helloI, helloR))))
  t.not(hex(linkTranscript(primitives, h.with(0, h[0]! ^ 1), helloI, helloR)), L)
  t.not(hex(linkTranscript(primitives, h, helloI.with(24, helloI[24]! ^ 1), helloR)), L)
  t.not(hex(linkTranscript(primitives, h, helloR, helloI)), L)
})
