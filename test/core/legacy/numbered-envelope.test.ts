// Control messages of the second generation: understood ones, ignored ones, written ones.
import t from 'tap'
import { controlMessageHead, controlPresenceText, decodeControl } from '../../../src/core/legacy/numbered-envelope.ts'

const decode = (text: string) => {
  const request = decodeControl(Buffer.from(text), 16)
  return request === undefined ? undefined : { target: request.target, data: request.data.toString() }
}

t.test('a direct message is understood in all forms that clients have sent', async t => {
  for (const [name, text, target, data] of [
    ['as the library sends it', '{"Action":"message","Target":1234,"Payload":"hi"}', '1234', '"hi"'],
    ['with a source, which is ignored', '{"Action":"message","Source":1,"Target":1234,"Payload":"hi"}', '1234', '"hi"'],
    ['keys in any case', '{"ACTION":"message","target":1234,"pAyLoAd":"hi"}', '1234', '"hi"'],
    ['keys of the days after', '{"action":"message","target":"1234","data":"hi"}', '1234', '"hi"'],
    ['escaped keys', '{"\\u0041ction":"message","Target":1234,"Payload":"hi"}', '1234', '"hi"'],
    [
      'the last of equal keys',
      '{"Action":"x","action":"message","Target":1,"target":1234,"Payload":"hi"}',
      '1234',
      '"hi"'
    ],
    ['a target as a string of digits', '{"Action":"message","Target":"1234","Payload":"hi"}', '1234', '"hi"'],
    ['leading zeros in such a string', '{"Action":"message","Target":"001234","Payload":"hi"}', '1234', '"hi"'],
    [
      'a target beyond 2^53, to the last digit',
      '{"Action":"message","Target":9007199254740993,"Payload":"hi"}',
      '9007199254740993',
      '"hi"'
    ],
    ['no payload', '{"Action":"message","Target":1234}', '1234', '""'],
    ['a payload that is no string', '{"Action":"message","Target":1234,"Payload": {"a": 1.0} }', '1234', '{"a": 1.0}'],
    ['a payload of null', '{"Action":"message","Target":1234,"Payload":null}', '1234', 'null']
  ] as const)
    t.strictSame(decode(text), { target, data }, name)
})

t.test('anything else is passed over', async t => {
  for (const text of [
    '',
    ' ',
    '{',
    'null',
    '[]',
    '"x"',
    '1',
    '{}',
    '{"Action":"message"}',
    '{"Target":1234,"Payload":"x"}',
    '{"Action":"connect","Target":1234}',
    '{"Action":"disconnect","Target":1234}',
    '{"Action":"Message","Target":1234}',
    '{"Action":1,"Target":1234}',
    '{"Action":"message","Target":"x"}',
    '{"Action":"message","Target":""}',
    '{"Action":"message","Target":null}',
    '{"Action":"message","Target":-1234}',
    '{"Action":"message","Target":1234.0}',
    '{"Action":"message","Target":1e4}',
    '{"Action":"message","Target":[1234]}',
    `{"Action":"message","Target":${'1'.repeat(20)}}`,
    '{"Action":"message","Target":1234,"Payload":}',
    '{"Action":"message","Target":1234,"Payload":"x"}x',
    '{"Action":"message","Target":01234}',
    `{"Action":"message","Target":1234,"Payload":${'['.repeat(17)}${']'.repeat(17)}}`,
    `{"Action":"message","Target":1234,"Payload":${'['.repeat(100_000)}`,
    '{"__proto__":{"Action":"message","Target":1234}}'
  ])
    t.equal(decode(text), undefined, JSON.stringify(text.slice(0, 60)))
})

t.test('what is written has all four members, and numbers to the last digit', async t => {
  t.equal(
    controlPresenceText('connect', '9007199254740993', '1234'),
    '{"Action":"connect","Source":9007199254740993,"Target":1234,"Payload":""}'
  )
  t.equal(`${controlMessageHead('1234', '5678')}"x"}`, '{"Action":"message","Source":1234,"Target":5678,"Payload":"x"}')
})
