// An editor in a process of its own, which a test can stop as a phone does whose screen is locked. It edits the text `text` of
// the channel `paper` until it is told to end, and then tells the document after each change.
//   phone-editor.ts ws://localhost:9009 <seed>
import * as Y from 'yjs'
import { NetworkProvider } from '../../../src/client/documents/yjs.ts'
import '../../../src/client/node.ts'
import { contentOf, editAtRandom } from '../documents.ts'
import { seededRandom } from '../random.ts'

const [endpoint = '', seed = ''] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const doc = new Y.Doc()
const provider = new NetworkProvider('paper', doc, { endpoint })
const typing = setInterval(() => editAtRandom(doc, random), 250)
const tell = (): void => {
  process.send?.(contentOf(doc))
}
process.once('message', () => {
  clearInterval(typing)
  doc.on('afterTransaction', tell)
  tell()
})
process.once('disconnect', () => {
  provider.destroy()
  process.exit()
})
