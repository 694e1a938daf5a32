// Integers, length-value strings and base32.
import { assert, property, uint8Array } from 'fast-check'
import t from 'tap'
import {
  base32,
  compare,
  concat,
  fromBase32,
  isZero,
  lv,
  mapKey,
  readU16,
  readU32,
  readU64,
  u16,
  u32,
  u64
} from '../../src/core/bytes.ts'
import { hex, unhex, utf8, vectors } from '../support/link.ts'

interface CpaceStrings {
  strings: {
    prepend_len: { in: string; out: string }[]
    lv_cat: { in: string[]; out: string }[]
  }
}

t.test('lv gives the strings of the CPace draft', async t => {
  const { strings } = vectors('cpace.json') as CpaceStrings
  t.ok(strings.prepend_len.length >= 4)
  for (const row of strings.prepend_len) t.equal(hex(lv(unhex(row.in))), row.out)
  for (const row of strings.lv_cat) t.equal(hex(lv(...row.in.map(unhex))), row.out)
  t.equal(hex(lv(new Uint8Array(16_390)).subarray(0, 3)), '868001', 'three bytes of length')
})

t.test('integers are big-endian', async t => {
  t.equal(hex(u16(0x0102)), '0102')
  t.equal(hex(u32(0xfffefdfc)), 'fffefdfc')
  t.equal(hex(u64(2 ** 53 - 1)), '001fffffffffffff')
  t.equal(hex(u64(0x1_0000_0002)), '0000000100000002')
  t.equal(readU16(unhex('00ff01'), 1), 0xff01)
  t.equal(readU32(unhex('fffffffe'), 0), 0xfffffffe)
  t.equal(readU64(unhex('001fffffffffffff'), 0), 2 ** 53 - 1)
  t.equal(readU64(unhex('0020000000000000'), 0), undefined, '2^53 is not a safe integer')
  t.equal(readU64(unhex('ffffffffffffffff'), 0), undefined)
})

t.test('base32 gives the examples of RFC 4648 in lower case without padding', async t => {
  for (const [text, expected] of [
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi']
  ] as const) {
    t.equal(base32(utf8(text)), expected)
    t.strictSame(fromBase32(expected), utf8(text))
    t.strictSame(fromBase32(expected.toUpperCase()), utf8(text))
  }
})

t.test('base32 round trips and refuses every other spelling', async t => {
  assert(
    property(uint8Array({ maxLength: 40 }), bytes => {
      const text = base32(bytes)
      return compare(fromBase32(text) ?? new Uint8Array(99), bytes) === 0
    })
  )
  for (const text of ['a', 'aaa', 'aaaaaa', 'mz', 'm1', 'm=======', 'm y', 'mzxw6ytboi=', 'mé'])
    t.equal(fromBase32(text), undefined, text)
})

t.test('compare sorts by bytes, a prefix first', async t => {
  t.ok(compare(unhex('01'), unhex('0100')) < 0)
  t.ok(compare(unhex('ff'), unhex('00ff')) > 0)
  t.equal(compare(unhex('0102'), unhex('0102')), 0)
})

t.test('concat, isZero and mapKey treat every byte alike', async t => {
  t.equal(hex(concat(unhex('00'), unhex(''), unhex('ff80'))), '00ff80')
  t.ok(isZero(new Uint8Array(16)))
  t.notOk(isZero(unhex('0001')))
  assert(
    property(
      uint8Array({ maxLength: 4 }),
      uint8Array({ maxLength: 4 }),
      (a, b) => (mapKey(a) === mapKey(b)) === (compare(a, b) === 0)
    )
  )
})
