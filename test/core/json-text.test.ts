// The scanner against JSON.parse: same verdict on every text, and the right end.
import fc from 'fast-check'
import t from 'tap'
import { isJsonText, NOT_JSON, scanValue, TOO_DEEP } from '../../src/core/json-text.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const scan = (text: string, depth = 128) => {
  const bytes = Buffer.from(text)
  return scanValue(bytes, 0, bytes.length, depth)
}

t.test('takes what JSON.parse takes, to the last byte', async t => {
  const texts = [
    '0',
    '-0',
    '1.0',
    '12345678901234567890',
    '1e5',
    '1E+5',
    '-1.5e-3',
    '""',
    '"a"',
    '"\\u00e9"',
    '"\\ud800"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    'true',
    'false',
    'null',
    '[]',
    '{}',
    '[1,2]',
    '[ 1 , 2 ]',
    '{"a":1}',
    '{ "a" : [ { } ] , "b" : null }',
    '"é😀"',
    '{"__proto__":1}',
    '{"a":1,"a":2}'
  ]
  for (const text of texts) {
    t.ok(parses(text), `${text} is JSON`)
    t.equal(scan(text), Buffer.byteLength(text), text)
  }
})

t.test('refuses what JSON.parse refuses', async t => {
  const texts = [
    '',
    ' ',
    '+1',
    '01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '-',
    '--1',
    '0x1',
    'NaN',
    'Infinity',
    'tru',
    'nul',
    'True',
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12g4"',
    '"\\u123',
    '"\n"',
    '"\t"',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,]',
    '[1 2]',
    '{',
    '{a:1}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{"a" 1}',
    '{1:1}',
    ']',
    '}',
    '[}',
    '{]',
    '\ufeff1',
    '\u00a01'
  ]
  for (const text of texts) {
    t.notOk(parses(text), `${JSON.stringify(text)} is no JSON`)
    t.notOk(isJsonText(Buffer.from(text), 128), JSON.stringify(text))
  }
  t.equal(scan('1 2'), 1, 'a value ends where it ends')
  t.notOk(isJsonText(Buffer.from('1 2'), 128))
  t.notOk(isJsonText(Buffer.from(' 1'), 128), 'white space around is not part of the value')
})

t.test('counts open arrays and objects, without recursion', async t => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.equal(scan(nested(128)), 256)
  t.equal(scan(nested(129)), TOO_DEEP)
  t.equal(scan(nested(10_000)), TOO_DEEP)
  t.equal(scan('{"a":'.repeat(10_000)), TOO_DEEP)
  t.equal(scan('[' + '[],'.repeat(5000) + '[]]'), 2 + 3 * 5000 + 2, 'siblings are not depth')
  t.equal(scan('[[1]', 2), NOT_JSON)
  t.equal(scan('[[]]', 1), TOO_DEEP)
})

t.test('agrees with JSON.parse on any value and on any mutilation of one', async () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 5 }),
      fc.nat(),
      fc.constantFrom('', '"', '\\', ',', ':', '[', ']', '{', '}', ' ', '0', 'e', '.', '-', '\u0001', 'u'),
      fc.boolean(),
      (text, at, insert, cut) => {
        const mutated =
          insert === '' && !cut
            ? text
            : text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + (cut ? 1 : 0))
        const trimmed = mutated.replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')
        return isJsonText(Buffer.from(trimmed), 128) === parses(trimmed)
      }
    ),
    { numRuns: 20_000 }
  )
})
