// Documents in pages: CodeMirror and ProseMirror with the provider and the real bindings, cursors with names, y-indexeddb beside
// it, tabs of one browser, and the module that pages import without a bundler.
import { buildSync } from 'esbuild'
import t, { type Test } from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'

/** The page's program: it opens an editor when the test says so. */
const PROGRAM = `
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { EditorState as ProseState } from 'prosemirror-state'
import { EditorView as ProseView } from 'prosemirror-view'
import { schema } from 'prosemirror-schema-basic'
import { yCollab } from 'y-codemirror.next'
import { IndexeddbPersistence } from 'y-indexeddb'
import { initProseMirrorDoc, yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import * as Y from 'yjs'
import { NetworkProvider } from './src/client/documents/yjs.ts'

globalThis.openProse = ({ endpoint, name }) => {
  const fragment = new Y.Doc().getXmlFragment('prose')
  const provider = new NetworkProvider('prose', fragment.doc, { endpoint })
  provider.awareness.setLocalStateField('user', { name, color: '#30bced' })
  provider.once('sync', () => console.log('synced'))
  const { doc, mapping } = initProseMirrorDoc(fragment, schema)
  const plugins = [ySyncPlugin(fragment, { mapping }), yCursorPlugin(provider.awareness), yUndoPlugin()]
  const view = new ProseView(document.body, { state: ProseState.create({ doc, schema, plugins }) })
  Object.assign(globalThis, { fragment, provider, view })
}
globalThis.openEditor = async ({ endpoint, name, stored, connect = true }) => {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  if (stored) {
    globalThis.store = new IndexeddbPersistence('notes', doc)
    await store.whenSynced
  }
  const begun = performance.now()
  const provider = new NetworkProvider('notes', doc, { endpoint, connect })
  globalThis.arrived = 0
  doc.on('update', (_update, origin) => { if (origin === provider) arrived++ })
  provider.awareness.setLocalStateField('user', { name, color: '#30bced', colorLight: '#30bced33' })
  provider.once('sync', () => console.log('synced after ' + Math.round(performance.now() - begun) + ' ms'))
  provider.on('update-error', error => console.log('error ' + error))
  const extensions = [EditorView.lineWrapping, yCollab(text, provider.awareness)]
  const view = new EditorView({ state: EditorState.create({ doc: text.toString(), extensions }), parent: document.body })
  Object.assign(globalThis, { provider, text, view })
}
`
const HTML =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Notes</title><style>.ProseMirror { white-space: pre-wrap }</style><script src="/app.js"></script>'

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

t.test('people write in ProseMirror together, and see the names at the cursors', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const browser = await sharedBrowser()
  const origin = await openOrigin(t)
  const [a, b] = await Promise.all([openPage(t, browser, origin), openPage(t, browser, origin)])
  for (const [page, name] of [
    [a, 'Ann'],
    [b, 'Bob']
  ] as const)
    await page.run('openProse(arg)', { endpoint: url, name })
  await Promise.all([a.said('synced'), b.said('synced')])
  const prose = ({ page }: TestPage) => page.locator('.ProseMirror')
  const reads = async ({ page }: TestPage, text: string): Promise<void> =>
    void (await page.waitForFunction(`view.state.doc.textContent === '${text}'`))
  await prose(a).click()
  await a.page.keyboard.type('From Ann')
  await reads(b, 'From Ann')
  await prose(b).locator('.ProseMirror-yjs-cursor', { hasText: 'Ann' }).waitFor({ state: 'attached' })
  // Both write without the text of the other, at different ends of the paragraph.
  await a.run('provider.disconnect()')
  await a.page.keyboard.type(' and more')
  await prose(b).click()
  await b.run("view.dispatch(view.state.tr.insertText('Hello. ', 1))")
  await reads(b, 'Hello. From Ann')
  await a.run('provider.connect()')
  for (const page of [a, b]) await reads(page, 'Hello. From Ann and more')
  await prose(a).locator('.ProseMirror-yjs-cursor', { hasText: 'Bob' }).waitFor({ state: 'attached' })
  const xml = await Promise.all([a, b].map(page => page.run('fragment.toString()')))
  t.strictSame(xml, [
    '<paragraph>Hello. From Ann and more</paragraph>',
    '<paragraph>Hello. From Ann and more</paragraph>'
  ])
})

t.test('tabs of one browser share a document, and each change arrives once', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const origin = await openOrigin(t)
  const a = await openPage(t, await sharedBrowser(), origin)
  const tab = await a.page.context().newPage()
  await tab.goto(origin)
  const options = { endpoint: url, name: 'Ann' }
  await a.run('openEditor(arg)', options)
  await tab.evaluate(`openEditor(${JSON.stringify(options)})`)
  const reads = async (text: string): Promise<void> => {
    for (const page of [a.page, tab]) await page.waitForFunction(`text.toString() === '${text}'`)
  }
  // Each turn of the event loop is one change.
  const write = `for (const letter of 'abc') {
    text.insert(text.length, letter)
    await new Promise(resolve => setTimeout(resolve))
  }`
  await tab.waitForFunction('provider.synced')
  await a.said('synced')
  await a.run(write)
  await reads('abc')
  t.equal(await tab.evaluate('arrived'), 3)
  await tab.evaluate(`(async () => { ${write} })()`)
  await reads('abcabc')
  t.equal(await a.run('arrived'), 3)
})

t.test('a page without a bundler imports Yjs and the provider from the proxy', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const origin = await servePages(t, { '/': '<!doctype html><html lang="en"><title>Plain</title>' })
  const browser = await sharedBrowser()
  const pages = await Promise.all([openPage(t, browser, origin), openPage(t, browser, origin)])
  const texts = await Promise.all(
    pages.map(
      async (page, i) =>
        await page.run(
          `const { Doc, NetworkProvider } = await import(arg.url + '/lib/networkwebsockets-yjs.js')
          const doc = new Doc()
          new NetworkProvider('plain', doc, { endpoint: arg.url })
          doc.getMap('pages').set(String(arg.i), true)
          await new Promise(resolve => doc.on('update', () => { if (doc.getMap('pages').size === 2) resolve() }))
          return JSON.stringify(doc.getMap('pages').toJSON())`,
          { url, i }
        )
    )
  )
  t.strictSame(
    texts.map(text => JSON.parse(String(text))),
    [
      { 0: true, 1: true },
      { 0: true, 1: true }
    ]
  )
})
