// The parts of the cluster's wire: secrets, frames, sealing, fragments, replays. Hostile input as tables and at random.
import fc from 'fast-check'
import sodium from 'libsodium-wrappers-sumo'
import t from 'tap'
import {
  FRAGMENT_HEAD_BYTES,
  decodeFrame,
  encodeBatch,
  encodeFrame,
  framesOf,
  type Frame
} from '../../../src/core/cluster/frames.ts'
import { packBatches, Reassembly } from '../../../src/core/cluster/fragments.ts'
import { Realm } from '../../../src/core/cluster/realm.ts'
import { ReplayWindow } from '../../../src/core/cluster/replay-window.ts'
import { openBatch, readHeader, sealBatch } from '../../../src/core/cluster/sealed-batch.ts'
import { decodeSecret, readEntry, readSecretFile } from '../../../src/core/cluster/secret.ts'
import { clusterPrimitives } from '../../support/cluster.ts'

const secret = new Uint8Array(32).map((_, i) => i)
const bytes = (length: number, value = 7) => new Uint8Array(length).fill(value)

t.test('what is a secret and what is a path', async t => {
  const base64 = Buffer.from(secret).toString('base64')
  t.strictSame(decodeSecret(base64), secret)
  t.strictSame(
    decodeSecret(Buffer.alloc(33, 0xff).toString('base64').replaceAll('/', '_')),
    bytes(33, 0xff),
    'base64url too'
  )
  const wrong: [what: string, text: string][] = [
    ['31 bytes', Buffer.alloc(31).toString('base64')],
    ['cut', base64.slice(0, -1)],
    ['unused bits set', `${base64.slice(0, -2)}9=`],
    ['a blank', `${base64.slice(0, 10)} ${base64.slice(11)}`],
    ['both alphabets', `+_${base64.slice(2)}`],
    ['nothing', '']
  ]
  for (const [what, text] of wrong) t.equal(decodeSecret(text), undefined, what)
  t.strictSame(readEntry(base64), { kind: 'secret', bytes: secret })
  t.strictSame(readEntry('/run/secrets/cluster'), { kind: 'file', path: '/run/secrets/cluster' })
  t.strictSame(readEntry(`file:${base64}`), { kind: 'file', path: base64 })
  t.strictSame(readSecretFile(`${base64}\n`), [secret])
  t.strictSame(readSecretFile(`${base64}\r\n\n${base64}\n`)?.length, 2, 'the new and the old one')
  for (const text of ['', '\n', `${base64}\nx`, `${base64}\n`.repeat(3)]) t.equal(readSecretFile(text), undefined)
})

const state = { proxy: bytes(16, 1), version: 5, ids: ['a', 'b'.repeat(64)] }
const samples: Exclude<Frame, { type: 'message' }>[] = [
  { type: 'join', version: 1, id: 'a' },
  { type: 'part', version: 0xffffffff, id: '_-9' },
  { type: 'enter', challenge: bytes(16), state },
  { type: 'enter', challenge: bytes(16), state: { ...state, ids: [] } },
  { type: 'leave' },
  { type: 'gone' },
  { type: 'digest', proxy: bytes(16), version: 3, count: 2, back: true },
  { type: 'ask', token: bytes(20), challenge: bytes(16) },
  { type: 'snapshot', token: bytes(20), challenge: bytes(16), state },
  { type: 'here', proxy: bytes(16), intervalMs: 10_000 },
  { type: 'fragment', number: 4, index: 65535, last: true, part: bytes(3) }
]

t.test('frames are read as they were written', async t => {
  for (const frame of samples) t.strictSame(decodeFrame(encodeFrame(frame)), frame, frame.type)
  t.strictSame([...framesOf(encodeBatch(samples.map(frame => [encodeFrame(frame)])))].map(decodeFrame), samples)
})

t.test('malformed frames are none', async t => {
  for (const frame of samples) {
    const good = encodeFrame(frame)
    if (frame.type !== 'fragment')
      t.equal(decodeFrame(Buffer.concat([good, Buffer.from([0])])), undefined, `${frame.type} with a byte more`)
    if (good.length > 1)
      t.equal(
        decodeFrame(good.subarray(0, frame.type === 'fragment' ? 7 : good.length - 1)),
        undefined,
        `${frame.type} with a byte less`
      )
  }
  t.equal(decodeFrame(new Uint8Array(0)), undefined)
  t.equal(decodeFrame(Uint8Array.of(0x7f, 1, 2)), undefined, 'of a type to come')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), input => {
      decodeFrame(input)
      for (const frame of framesOf(input)) decodeFrame(frame)
      readHeader(input)
    })
  )
})

t.test('a batch is XChaCha20-Poly1305 of libsodium, and bound to all that stands around it', async t => {
  const realm = new Realm(secret, clusterPrimitives)
  const other = new Realm(bytes(32), clusterPrimitives)
  const header = { epoch: 20_000, session: bytes(16, 3), number: 2 ** 40 }
  const subject = realm.subject(realm.channelToken('webchat'))
  for (const length of [0, 5, 5000]) {
    const plain = bytes(length, 9)
    const sealed = sealBatch(clusterPrimitives, realm, subject, header, plain)
    const key = clusterPrimitives
      .hmacSha512(secret, Buffer.concat([Buffer.from('nws cluster key\0'), Buffer.from([0, 0, 0x4e, 0x20])]))
      .subarray(0, 32)
    const ad = Buffer.concat([sealed.subarray(0, 29), Buffer.from(subject)])
    t.strictSame(
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed.subarray(29), ad, sealed.subarray(5, 29), key),
      plain,
      `${length} bytes`
    )
    const read = readHeader(sealed)!
    t.strictSame({ ...read, session: new Uint8Array(read.session) }, header)
    t.strictSame(openBatch(clusterPrimitives, realm, subject, read, sealed, true), plain)
    t.equal(openBatch(clusterPrimitives, realm, realm.hall, read, sealed, true), undefined, 'on another subject')
    t.equal(openBatch(clusterPrimitives, other, subject, read, sealed, true), undefined, 'under another secret')
    for (const at of [1, 4, 5, 20, 23, 28, 29, sealed.length - 1]) {
      const changed = sealed.slice()
      changed[at]! ^= 1
      t.equal(
        openBatch(clusterPrimitives, realm, subject, readHeader(changed)!, changed, false),
        undefined,
        `with byte ${at} changed`
      )
    }
  }
  t.not(realm.name, other.name)
  t.not(realm.subject(realm.channelToken('webchat')), realm.subject(realm.channelToken('webchaT')))
})

t.test('what is too large goes in fragments and comes together', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(700), { maxLength: 12 }),
      fc.integer({ min: FRAGMENT_HEAD_BYTES + 1, max: 400 }),
      (lengths, room) => {
        const frames = lengths.map((length, i) => new Uint8Array(length + 1).fill(i + 3).fill(i < 3 ? 3 : 4, 0, 1))
        let number = 0
        const batches = packBatches(
          frames.map(frame => [frame.subarray(0, 1), frame.subarray(1)]),
          room,
          () => number++
        )
        const reassembly = new Reassembly()
        const came: Uint8Array[] = []
        for (const batch of batches) {
          if (batch.length > room) return false
          for (const part of framesOf(batch)) {
            const frame = decodeFrame(part)!
            if (frame.type !== 'fragment') {
              came.push(part)
              continue
            }
            const whole = reassembly.take(frame.number, frame.index, frame.last, frame.part)
            if (whole !== undefined) came.push(whole)
          }
        }
        return came.length === frames.length && came.every((frame, i) => Buffer.from(frame).equals(frames[i]!))
      }
    )
  )
  const reassembly = new Reassembly()
  t.equal(reassembly.take(1, 0, false, bytes(2)), undefined)
  t.equal(reassembly.take(1, 2, true, bytes(2)), undefined, 'one is missing')
  t.equal(reassembly.take(1, 1, true, bytes(2)), undefined, 'and it is over')
  t.strictSame(reassembly.take(2, 0, true, bytes(2)), bytes(2), 'the next is whole')
})

t.test('each number counts once, and none from long ago', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 300 }), numbers => {
      const window = new ReplayWindow(500)
      const seen = new Set([500])
      let newest = 500
      for (const number of numbers) {
        const expected = number >= 500 && number > newest - 1024 && !seen.has(number)
        if (window.take(number) !== expected) return false
        if (expected) seen.add(number)
        newest = Math.max(newest, expected ? number : 0)
      }
      return true
    })
  )
  const window = new ReplayWindow(2 ** 33)
  t.ok(window.take(2 ** 33 + 5))
  t.notOk(window.take(2 ** 33 + 5))
  t.ok(window.take(2 ** 33 + 4), 'a little late')
})
