// The handshake of guests against the public vectors, with the primitives of the proxy and with those of pages.
import t from 'tap'
import { primitives as pagePrimitives } from '../../../src/client/guest/primitives.ts'
import { GuestInitiator, GuestResponder, invitationId, pskOf } from '../../../src/core/guests/handshake.ts'
import { MAX_RECORD_BYTES, RecordOpener, RecordSealer, RECORDS_PER_KEY } from '../../../src/core/guests/records.ts'
import { hex, primitives, unhex, utf8, vectors } from '../../support/link.ts'

interface Vector {
  readonly init_prologue: string
  readonly init_psks: string[]
  readonly init_ephemeral: string
  readonly resp_ephemeral: string
  readonly handshake_hash: string
  readonly messages: readonly { payload: string; ciphertext: string }[]
}

const [vector] = (vectors('noise-nnpsk0.json') as { vectors: Vector[] }).vectors
const sides = [
  ['a page and a proxy', pagePrimitives, primitives],
  ['a proxy and a page', primitives, pagePrimitives]
] as const

for (const [title, first, second] of sides) {
  t.test(`${title} give the bytes of the public vectors`, async t => {
    const { init_prologue, init_psks, init_ephemeral, resp_ephemeral, handshake_hash, messages } = vector!
    const psk = unhex(init_psks[0]!)
    const prologue = unhex(init_prologue)
    const initiator = new GuestInitiator({
      primitives: first,
      psk,
      prologue,
      e: first.x25519KeyPair(unhex(init_ephemeral))
    })
    const responder = new GuestResponder({
      primitives: second,
      psk,
      prologue,
      e: second.x25519KeyPair(unhex(resp_ephemeral))
    })
    const [one, two, ...rest] = messages
    const g0 = initiator.write(unhex(one!.payload))
    t.equal(hex(g0), one!.ciphertext)
    t.equal(hex(responder.read(g0)!), one!.payload)
    const written = responder.write(unhex(two!.payload))!
    t.equal(hex(written.message), two!.ciphertext)
    const read = initiator.read(written.message)!
    t.equal(hex(read.payload), two!.payload)
    t.equal(hex(read.split.h), handshake_hash)
    t.equal(hex(written.split.h), handshake_hash)
    for (const [index, { payload, ciphertext }] of rest.entries()) {
      const [from, to] = index % 2 === 0 ? [read.split.c1, written.split.c1] : [written.split.c2, read.split.c2]
      t.equal(hex(from.seal(unhex(payload))!), ciphertext)
      t.equal(hex(to.open(unhex(ciphertext))!), payload)
    }
  })
}

/** Both ends of a handshake with these secrets. */
function meet(guest: Uint8Array, host = guest) {
  const e = () => primitives.x25519KeyPair(primitives.randomBytes(32))
  const initiator = new GuestInitiator({ primitives, psk: pskOf(primitives, guest), e: e() })
  const responder = new GuestResponder({ primitives, psk: pskOf(primitives, host), e: e() })
  return { initiator, responder }
}

t.test('another secret ends the handshake at its first message', async t => {
  const { initiator, responder } = meet(primitives.randomBytes(16), primitives.randomBytes(16))
  t.equal(responder.read(initiator.write()), undefined)
})

t.test('a page notices a proxy without the secret', async t => {
  const { initiator } = meet(primitives.randomBytes(16))
  const stranger = meet(primitives.randomBytes(16))
  initiator.write()
  stranger.responder.read(stranger.initiator.write())
  t.equal(initiator.read(stranger.responder.write(utf8('{}'))!.message), undefined)
})

t.test('short messages and keys without a secret end the handshake', async t => {
  const secret = primitives.randomBytes(16)
  t.equal(meet(secret).responder.read(new Uint8Array(31)), undefined)
  t.equal(meet(secret).responder.write(utf8('')), undefined)
  t.equal(meet(secret).initiator.read(new Uint8Array(20)), undefined)
  const { responder } = meet(secret)
  const initiator = new GuestInitiator({
    primitives,
    psk: pskOf(primitives, secret),
    e: { secretKey: new Uint8Array(32), publicKey: new Uint8Array(32) }
  })
  responder.read(initiator.write())
  t.equal(responder.write(utf8('')), undefined)
})

t.test('the id says nothing of the key', async t => {
  const secret = unhex('000102030405060708090a0b0c0d0e0f')
  t.match(invitationId(primitives, secret), /^[0-9a-f]{16}$/)
  t.equal(invitationId(primitives, secret), invitationId(pagePrimitives, secret))
  t.notOk(hex(pskOf(primitives, secret)).includes(invitationId(primitives, secret)))
})

t.test('a stream of any length arrives in records, and a changed record ends it', async t => {
  const { initiator, responder } = meet(primitives.randomBytes(16))
  responder.read(initiator.write())
  const written = responder.write(utf8('{}'))!
  const read = initiator.read(written.message)!
  const sealer = new RecordSealer(read.split.c1)
  const opener = new RecordOpener(written.split.c1)
  const bytes = primitives.randomBytes(2 * MAX_RECORD_BYTES + 5)
  const records = [...sealer.seal(bytes)]
  t.same(
    records.map(record => record.length),
    [65_535, 65_535, 21]
  )
  t.equal(hex(Buffer.concat(records.map(record => opener.open(record)!))), hex(bytes))
  const [next] = sealer.seal(utf8('next'))
  next![0]! ^= 1
  t.equal(opener.open(next!), undefined)
})

t.test('both sides take a new key after the same number of records', async t => {
  const { initiator, responder } = meet(primitives.randomBytes(16))
  responder.read(initiator.write())
  const written = responder.write(utf8('{}'))!
  const read = initiator.read(written.message)!
  const sealer = new RecordSealer(read.split.c1)
  const opener = new RecordOpener(written.split.c1)
  let opened = 0
  for (let i = 0; i < RECORDS_PER_KEY + 2; i++) {
    const [record] = sealer.seal(utf8('x'))
    if (opener.open(record!)?.[0] === 0x78) opened++
  }
  t.equal(opened, RECORDS_PER_KEY + 2)
})
