// Raw text as JSON text and back.
import t from 'tap'
import { jsonOfRaw, rawOfJson } from '../../../src/core/legacy/raw-text.ts'
import { isJsonText } from '../../../src/core/json-text.ts'
import { seededRandom } from '../../support/random.ts'

t.test('a raw text is the string that it spells, and comes back unchanged', async t => {
  const random = seededRandom(3)
  const alphabet = [
    'a',
    '"',
    '\\',
    '\n',
    '\u0000',
    '\u001f',
    '\u007f',
    'é',
    '😀',
    '\u2028',
    '{',
    '}',
    '/',
    '\\u0041',
    ' '
  ]
  for (let run = 0; run < 500; run++) {
    const text = Array.from(
      { length: Math.floor(random() * 12) },
      () => alphabet[Math.floor(random() * alphabet.length)]
    ).join('')
    const json = jsonOfRaw(Buffer.from(text))
    if (!isJsonText(json, 1) || JSON.parse(json.toString()) !== text || rawOfJson(json).toString() !== text)
      t.fail(JSON.stringify(text))
  }
  t.equal(jsonOfRaw(Buffer.alloc(0)).toString(), '""')
  t.equal(rawOfJson(Buffer.from('""')).length, 0)
})

t.test('what is no string reaches raw clients as the JSON text it came in', async t => {
  for (const json of ['1.0', '12345678901234567890', 'null', 'true', '{"a": 1}', '[ "x" ]', '{"$binary":"AP8="}']) {
    t.equal(rawOfJson(Buffer.from(json)).toString(), json)
  }
})

t.test('escapes are undone, half a surrogate pair becomes U+FFFD', async t => {
  t.equal(rawOfJson(Buffer.from('"\\u0041\\/\\n\\ud83d\\ude00"')).toString(), 'A/\n😀')
  t.equal(rawOfJson(Buffer.from('"\\ud800"')).toString(), '\ufffd')
})
