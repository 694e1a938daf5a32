// What the console takes for text, JSON and bytes, and how it compares values.
import t from 'tap'
import {
  differences,
  dump,
  looksLikeJson,
  numbersIn,
  readWritten,
  tokensOf,
  typeOf
} from '../../src/console/formats.ts'

t.test('what is written is read in its format, or the problem is told', async t => {
  t.strictSame(readWritten('{"a":', 'text'), { type: 'text', text: '{"a":' })
  t.strictSame(readWritten(' {"a": 1.0}\n', 'json'), { type: 'json', text: '{"a": 1.0}' }, 'as it was written')
  t.match(readWritten('{"a":', 'json'), { problem: /^This is not JSON\./ })
  t.strictSame(readWritten('0x01:fE, 00', 'hex'), { type: 'binary', bytes: new Uint8Array([1, 254, 0]) })
  t.match(readWritten('01 f', 'hex'), { problem: /One digit is missing/ })
  t.match(readWritten('xy', 'hex'), { problem: /digits 0 to 9/ })
})

t.test('a text that looks like another value is found', async t => {
  for (const text of ['7', '-1.5', 'true', 'null', '"a"', '[1]', '{"a":1}', ' 7 ']) t.ok(looksLikeJson(text), text)
  for (const text of ['seven', '7 lamps', 'truely', '{a:1}', '', '-', '[object Object]'])
    t.notOk(looksLikeJson(text), text)
})

t.test('the type of a JSON text', async t => {
  for (const [json, type] of [
    ['{"a":1}', 'object'],
    [' [1]', 'array'],
    ['"7"', 'text'],
    ['7', 'number'],
    ['-7', 'number'],
    ['false', 'boolean'],
    ['null', 'null']
  ] as const)
    t.equal(typeOf(json), type, json)
})

t.test('the parts of a JSON text are exact', async t => {
  const json = '{ "a\\"b" : [ 12345678901234567890, 1.0, "x:y", true ], "c": null }'
  const parts = [...tokensOf(json)]
  t.equal(parts.map(({ text }) => text).join(''), '{"a\\"b":[12345678901234567890,1.0,"x:y",true],"c":null}')
  t.strictSame(
    parts.filter(({ kind }) => kind !== 'mark').map(({ kind }) => kind),
    ['key', 'number', 'number', 'string', 'word', 'key', 'word']
  )
})

t.test('differences are told by path', async t => {
  t.strictSame(differences({ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 3, 4] } }), [
    { path: 'b.c[1]', before: '2', after: '3' },
    { path: 'b.c[2]', before: undefined, after: '4' }
  ])
  t.strictSame(differences({ a: 1 }, [1]), [{ path: '', before: '{"a":1}', after: '[1]' }])
  t.strictSame(differences({ a: 1 }, {}), [{ path: 'a', before: '1', after: undefined }])
  t.strictSame(differences(7, '7'), [{ path: '', before: '7', after: '"7"' }])
  t.strictSame(differences(JSON.parse('{"__proto__": 1}'), {}), [{ path: '__proto__', before: '1', after: undefined }])
  const wide = (value: number) => Array.from({ length: 1000 }, () => value)
  t.equal(differences(wide(1), wide(2)).length, 100, 'a limited number of them')
})

t.test('the numbers of a value', async t => {
  t.strictSame(
    [...numbersIn({ a: 1, b: { c: [2, 'x', { d: 3 }] } })],
    [
      ['a', 1],
      ['b.c[0]', 2],
      ['b.c[2].d', 3]
    ]
  )
  t.strictSame([...numbersIn(5)], [['', 5]])
})

t.test('bytes in rows of 16', async t => {
  t.equal(
    dump(new TextEncoder().encode('hello, everybody here'), 18),
    '000000  68 65 6c 6c 6f 2c 20 65 76 65 72 79 62 6f 64 79  hello, everybody\n' +
      `000010  20 68${' '.repeat(42)}   h\n… 3 more bytes`
  )
})
