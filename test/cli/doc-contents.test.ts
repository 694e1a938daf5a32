// What `nws doc` does with the content of a file: few edits of texts, and JSON objects that merge.
import fc from 'fast-check'
import t from 'tap'
import * as Y from 'yjs'
import { jsonContent, textContent } from '../../src/cli/doc/contents.ts'
import { textEdits } from '../../src/cli/doc/text-edits.ts'

function apply(before: string, after: string): string {
  let text = before
  for (const { at, deleted, inserted } of textEdits(before, after))
    text = text.slice(0, at) + inserted + text.slice(at + deleted)
  return text
}

t.test('the edits of a text make the other text', async t => {
  const lines = fc
    .array(fc.constantFrom('a\n', 'b\n', 'ab', '\n', '😀', '😁\n', 'long line\n'), { maxLength: 12 })
    .map(parts => parts.join(''))
  fc.assert(fc.property(lines, lines, (before, after) => apply(before, after) === after))
  fc.assert(fc.property(fc.string(), fc.string(), (before, after) => apply(before, after) === after))
  t.pass()
})

t.test('the edits are those that were made', async t => {
  const before = 'first line\nsecond line\nthird line\n'
  t.strictSame(textEdits(before, 'first line\nsecond, better line\nthird line\nfourth\n'), [
    { at: 34, deleted: 0, inserted: 'fourth\n' },
    { at: 17, deleted: 0, inserted: ', better' }
  ])
  t.strictSame(textEdits(before, before), [])
  t.strictSame(textEdits('😀', '😁'), [{ at: 0, deleted: 2, inserted: '😁' }], 'a character is not cut into halves')
})

t.test('a text merges with what others have written meanwhile', async t => {
  const content = textContent('text')
  const file = new Y.Doc()
  content.edit(file, 'one\ntwo\nthree\n')
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(file))
  content.edit(file, 'one\n2\nthree\n')
  content.edit(other, 'zero\none\ntwo\nthree!\n')
  Y.applyUpdate(other, Y.encodeStateAsUpdate(file))
  t.equal(content.fileOf(other), 'zero\none\n2\nthree!\n')
})

t.test('any JSON object becomes the document, and any other one after it', async t => {
  const content = jsonContent('json', Y)
  const object = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.letrec(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 'text', '', 1, 2.5),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('x', 'y'), tie('value'), { noNullPrototype: true })
      )
    })).value,
    { noNullPrototype: true }
  )
  fc.assert(
    fc.property(object, object, (one, other) => {
      const doc = new Y.Doc()
      for (const value of [one, other]) {
        content.edit(doc, JSON.stringify(value))
        if (!content.isSame(doc, JSON.stringify(value))) return false
      }
      return true
    })
  )
  t.pass()
})

t.test('objects and lists of JSON merge member by member', async t => {
  const content = jsonContent('json', Y)
  const file = new Y.Doc()
  content.edit(file, '{"name":"x","size":{"w":1,"h":2},"list":[1,2,3],"rows":[{"a":1},{"a":2}]}')
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(file))
  content.edit(file, '{"size":{"w":5,"h":2},"list":[0,1,2,3],"rows":[{"a":1,"b":1},{"a":2}]}')
  content.edit(other, '{"name":"x","size":{"w":1,"h":6},"list":[1,2,3,4],"rows":[{"a":1},{"a":3}],"new":true}')
  Y.applyUpdate(other, Y.encodeStateAsUpdate(file))
  t.strictSame(JSON.parse(content.fileOf(other)), {
    size: { w: 5, h: 6 },
    list: [0, 1, 2, 3, 4],
    rows: [{ a: 1, b: 1 }, { a: 3 }],
    new: true
  })
})

t.test('what is not a JSON object is refused and changes nothing', async t => {
  const content = jsonContent('json', Y)
  const doc = new Y.Doc()
  content.edit(doc, '{"a":1}')
  for (const text of ['{"a":', '[1]', 'null', '1', 'text']) t.throws(() => content.edit(doc, text), text)
  t.equal(content.fileOf(doc), '{\n  "a": 1\n}\n')
})
