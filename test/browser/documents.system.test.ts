// Documents in pages: CodeMirror with the provider and the real binding, cursors with names, and y-indexeddb beside it.
import { buildSync } from 'esbuild'
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'

/** The page's program: it opens an editor when the test says so. */
const PROGRAM = `
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { yCollab } from 'y-codemirror.next'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { NetworkProvider } from './src/client/documents/yjs.ts'

globalThis.openEditor = async ({ endpoint, name, stored, connect = true }) => {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  if (stored) {
    globalThis.store = new IndexeddbPersistence('notes', doc)
    await store.whenSynced
  }
  const begun = performance.now()
  const provider = new NetworkProvider('notes', doc, { endpoint, connect })
  provider.awareness.setLocalStateField('user', { name, color: '#30bced', colorLight: '#30bced33' })
  provider.once('sync', () => console.log('synced after ' + Math.round(performance.now() - begun) + ' ms'))
  provider.on('update-error', error => console.log('error ' + error))
  const extensions = [EditorView.lineWrapping, yCollab(text, provider.awareness)]
  const view = new EditorView({ state: EditorState.create({ doc: text.toString(), extensions }), parent: document.body })
  Object.assign(globalThis, { provider, text, view })
}
`
const HTML = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Notes</title><script src="/app.js"></script>'

const bundled = buildSync({
  stdin: { contents: PROGRAM, resolveDir: '.', sourcefile: 'page.js' },
  bundle: true,
  write: false,
  format: 'iife',
  target: 'es2022',
  logLevel: 'error'
})

async function openOrigin(t: Test): Promise<string> {
  return await servePages(t, { '/': HTML, '/app.js': bundled.outputFiles[0]!.text })
}

const editor = ({ page }: TestPage) => page.locator('.cm-content')
/** Resolves when the editor of a page has this text. */
const has = async ({ page }: TestPage, text: string): Promise<void> =>
  void (await page.waitForFunction(`view.state.doc.toString() === ${JSON.stringify(text)}`))

t.test('people type in CodeMirror together and see the names at the cursors', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const browser = await sharedBrowser()
  const origin = await openOrigin(t)
  const [a, b] = await Promise.all([openPage(t, browser, origin), openPage(t, browser, origin)])
  await a.run('openEditor(arg)', { endpoint: url, name: 'Ann' })
  await b.run('openEditor(arg)', { endpoint: url, name: 'Bob' })
  await Promise.all([a.said('synced'), b.said('synced')])
  await editor(a).click()
  await a.page.keyboard.type('Hello from Ann')
  await has(b, 'Hello from Ann')
  await b.page.locator('.cm-ySelectionInfo', { hasText: 'Ann' }).waitFor({ state: 'attached' })
  await editor(b).click()
  await b.page.keyboard.press('Control+End')
  await b.page.keyboard.press('Enter')
  await b.page.keyboard.type('Hello from Bob')
  await has(a, 'Hello from Ann\nHello from Bob')
  await a.page.locator('.cm-ySelectionInfo', { hasText: 'Bob' }).waitFor({ state: 'attached' })
  t.equal(await a.run('text.toString()'), 'Hello from Ann\nHello from Bob', 'nothing is doubled')
  const late = await openPage(t, browser, origin)
  await late.run('openEditor(arg)', { endpoint: url, name: 'Cem' })
  t.comment(await late.said('synced'))
  t.equal(await late.run('view.state.doc.toString()'), 'Hello from Ann\nHello from Bob')
})

t.test('a page keeps the document with y-indexeddb and brings it along when it is back', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const browser = await sharedBrowser()
  const origin = await openOrigin(t)
  const [a, b] = await Promise.all([openPage(t, browser, origin), openPage(t, browser, origin)])
  await a.run('openEditor(arg)', { endpoint: url, name: 'Ann', stored: true })
  await b.run('openEditor(arg)', { endpoint: url, name: 'Bob' })
  await Promise.all([a.said('synced'), b.said('synced')])
  await editor(a).click()
  await a.page.keyboard.type('one')
  await has(b, 'one')
  await a.run('provider.disconnect()')
  await a.page.keyboard.type(' and two')
  await b.run("text.insert(0, 'zero, ')")
  // This transaction begins after all changes are stored.
  await a.run(`await new Promise(resolve => {
    store.db.transaction(['updates'], 'readwrite').objectStore('updates').count().onsuccess = resolve
  })`)
  await a.page.reload()
  await a.run('openEditor(arg)', { endpoint: url, name: 'Ann', stored: true, connect: false })
  await has(a, 'one and two')
  await a.run('provider.connect()')
  for (const page of [a, b]) await has(page, 'zero, one and two')
})
