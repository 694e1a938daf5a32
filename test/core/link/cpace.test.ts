// CPace against the draft's vectors, from the generator string to the session key.
import t from 'tap'
import { concat, lv } from '../../../src/core/bytes.ts'
import {
  cpaceGenerator,
  cpaceIsk,
  cpaceMacKey,
  cpaceTag,
  generatorString
} from '../../../src/core/link/matching/round/cpace.ts'
import { hex, primitives, unhex, utf8, vectors } from '../../support/link.ts'

interface CpaceVectors {
  DSI: string
  generator_string: string
  generator_hash: string
  vector: Record<'PRS' | 'CI' | 'sid' | 'g' | 'ya' | 'ADa' | 'Ya' | 'yb' | 'ADb' | 'Yb' | 'K' | 'ISK_IR', string>
  transcript_ir: string
  points: {
    Valid: { s: string; X: string; 'G.scalar_mult(s,decode(X))': string }
    'Invalid Y1': string
    'Invalid Y2': string
  }
  strings: { transcript_ir: { Ya: string; ADa: string; Yb: string; ADb: string; out: string }[] }
}
const official = vectors('cpace.json') as CpaceVectors
const { vector } = official
const bytes = (key: keyof CpaceVectors['vector']): Uint8Array => unhex(vector[key])

t.test('the generator is that of the draft', async t => {
  const string = generatorString(unhex(official.DSI), bytes('PRS'), bytes('CI'), bytes('sid'))
  t.equal(hex(string), official.generator_string)
  t.equal(hex(primitives.sha512(string)), official.generator_hash)
  t.equal(hex(cpaceGenerator(primitives, bytes('PRS'), bytes('CI'), bytes('sid'))), vector.g)
})

t.test('shares, shared element and session key are those of the draft', async t => {
  t.equal(hex(primitives.scalarMult(bytes('ya'), bytes('g'))!), vector.Ya)
  t.equal(hex(primitives.scalarMult(bytes('yb'), bytes('g'))!), vector.Yb)
  t.equal(hex(primitives.scalarMult(bytes('ya'), bytes('Yb'))!), vector.K)
  t.equal(hex(primitives.scalarMult(bytes('yb'), bytes('Ya'))!), vector.K)
  const a = { element: bytes('Ya'), ad: bytes('ADa') }
  const b = { element: bytes('Yb'), ad: bytes('ADb') }
  t.equal(hex(cpaceIsk(primitives, bytes('sid'), bytes('K'), a, b)), vector.ISK_IR)
  t.not(hex(cpaceIsk(primitives, bytes('sid'), bytes('K'), b, a)), vector.ISK_IR, 'the order of the sides matters')
})

t.test('transcripts are those of the draft', async t => {
  for (const row of official.strings.transcript_ir) {
    t.equal(hex(concat(lv(unhex(row.Ya), unhex(row.ADa)), lv(unhex(row.Yb), unhex(row.ADb)))), row.out)
  }
})

t.test('multiplication accepts and refuses what the draft says', async t => {
  const { Valid: valid } = official.points
  t.equal(hex(primitives.scalarMult(unhex(valid.s), unhex(valid.X))!), valid['G.scalar_mult(s,decode(X))'])
  t.equal(primitives.scalarMult(unhex(valid.s), unhex(official.points['Invalid Y1'])), undefined)
  t.equal(primitives.scalarMult(unhex(valid.s), unhex(official.points['Invalid Y2'])), undefined)
})

t.test('a password that fills more than a block needs no padding', async t => {
  const string = generatorString(unhex(official.DSI), new Uint8Array(255).fill(0x61), bytes('CI'), bytes('sid'))
  t.equal(
    hex(string),
    hex(lv(unhex(official.DSI), new Uint8Array(255).fill(0x61), new Uint8Array(0), bytes('CI'), bytes('sid')))
  )
  for (const length of [1, 107, 108]) {
    const padded = generatorString(
      unhex(official.DSI),
      new Uint8Array(length).fill(0x61),
      new Uint8Array(0),
      new Uint8Array(0)
    )
    t.equal(padded.length, 128 + 2, `${length} bytes of password and padding fill the first block`)
  }
})

t.test('a tag depends on session, key, share and associated data', async t => {
  const share = { element: bytes('Ya'), ad: bytes('ADa') }
  const key = cpaceMacKey(primitives, bytes('sid'), bytes('ISK_IR'))
  const tag = hex(cpaceTag(primitives, key, share))
  t.equal(tag.length, 64)
  t.not(hex(cpaceTag(primitives, cpaceMacKey(primitives, utf8('other'), bytes('ISK_IR')), share)), tag)
  t.not(hex(cpaceTag(primitives, cpaceMacKey(primitives, bytes('sid'), bytes('K')), share)), tag)
  t.not(hex(cpaceTag(primitives, key, { ...share, ad: bytes('ADb') })), tag)
  t.not(hex(cpaceTag(primitives, key, { ...share, element: bytes('Yb') })), tag)
})
