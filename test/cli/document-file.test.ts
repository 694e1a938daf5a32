// A file and a document that are edited in the same moment.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as Y from 'yjs'
import { textContent, type Content } from '../../src/cli/doc/contents.ts'
import { DocumentFile } from '../../src/cli/doc/document-file.ts'

/** A file and a document with one line. `meanwhile` runs once between the next look at the file and its replacement. */
function pair(t: Test) {
  const folder = t.testdir({ 'notes.txt': 'one\n' })
  const path = join(folder, 'notes.txt')
  const doc = new Y.Doc()
  const text = doc.getText('text')
  const content = textContent('text')
  const scene: { meanwhile?: (() => void) | undefined } = {}
  const watched: Content = {
    ...content,
    fileOf: given => {
      const { meanwhile } = scene
      if (given === doc) scene.meanwhile = undefined
      if (given === doc) meanwhile?.()
      return content.fileOf(given)
    }
  }
  const file = new DocumentFile(path, {
    doc,
    content: watched,
    yjs: Y,
    readable: () => {},
    failed: error => t.fail(error.message)
  })
  t.teardown(() => file.stop())
  return { folder, path, text, file, scene }
}

t.test('an edit of the file between a look and its replacement stays, and so do the others', async t => {
  const { folder, path, text, file, scene } = pair(t)
  file.start(undefined)
  text.insert(text.length, 'from a peer\n')
  scene.meanwhile = () => writeFileSync(path, 'one\nfrom the editor\n')
  file.exchange()
  t.equal(readFileSync(path, 'utf8'), 'one\nfrom the editor\n', 'nothing is overwritten')
  file.exchange()
  t.strictSame(readFileSync(path, 'utf8').split('\n').toSorted(), ['', 'from a peer', 'from the editor', 'one'])
  t.equal(text.toJSON(), readFileSync(path, 'utf8'))
  t.strictSame(readdirSync(folder), ['notes.txt'], 'no draft is left')
})

t.test('also at the start', async t => {
  const { path, text, file, scene } = pair(t)
  text.insert(0, 'of the document\n')
  scene.meanwhile = () => writeFileSync(path, 'of the editor\n')
  t.throws(() => file.start('document'), { code: 'NWS_CLI_DOC_DIFFERS' })
  t.equal(readFileSync(path, 'utf8'), 'of the editor\n')
})
