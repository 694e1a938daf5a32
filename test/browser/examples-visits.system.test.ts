// What the examples make of what comes from outside: messages of any content, links that bring a name; and the way from
// the console to each of them, its README and back.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { encode } from '../../src/client/documents/messages.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { enter, EXAMPLES, meets, notesOf, openExample, type Example } from '../support/examples.ts'
import { press, visit } from '../support/pages.ts'

/** Channel that an example suggests. */
const SUGGESTED: Readonly<Record<Example, string>> = {
  chat: 'webchat',
  whiteboard: 'whiteboard',
  notes: 'notes',
  game: 'pong',
  webrtc: 'video',
  pubsub: 'topics'
}

const HTML = '<img src=x onerror="hacked=1"><script>hacked=1</script>'

/** What no page expects. Every example gets all of it, to all and directly. */
const NASTY: readonly unknown[] = [
  HTML,
  '',
  'null',
  'not JSON {',
  '[]',
  '{"__proto__":{"hacked":1}}',
  '"text"',
  '7',
  ...[
    { name: HTML, text: HTML },
    { name: 7, text: {} },
    { name: '\u202e'.repeat(100), text: 'a'.repeat(20_000) },
    { topics: HTML },
    { topics: [HTML, 7, null, 'weather'] },
    { topic: 'weather', value: HTML },
    { topic: 'weather', value: { html: HTML } },
    { topic: 'weather' },
    { topic: {}, value: 1 },
    { sit: HTML },
    { sit: 'left' },
    { ball: [] },
    { ball: Array.from({ length: 9 }, () => HTML) },
    { ball: [1, 2] },
    { ball: [1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308] },
    { paddle: HTML },
    { paddle: 1e308 },
    { ping: HTML },
    { pong: -1e308 },
    { stand: true }
  ].map(message => JSON.stringify(message)),
  { data: 'an object' },
  7,
  null,
  [HTML]
]

/** Messages of shared documents, with contents that no page expects. */
function nastyDocuments(): Buffer[] {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, HTML)
  doc
    .getArray('lines')
    .push([
      null,
      7,
      HTML,
      { colour: 'url(http://127.0.0.1:1/x)', size: 3, points: [0, 0] },
      { colour: '#000000', size: 1e9, points: [0, 0, 5, 5] },
      { colour: '#000000', size: 3, points: HTML },
      { colour: '#000000', size: 3, points: Array.from({ length: 100_000 }, () => 0) }
    ])
  const awareness = new Awareness(doc)
  const start = Y.createRelativePositionFromTypeIndex(doc.getText('text'), 0)
  const states = [
    { user: 7, cursor: HTML },
    { user: { name: HTML, color: 'red; position: fixed', colorLight: HTML }, cursor: { anchor: {}, head: 7 } },
    {
      user: { name: {} },
      cursor: { anchor: { item: { client: HTML, clock: -1 } }, head: { tname: 'text', assoc: 0 } }
    },
    { user: { name: HTML }, cursor: { anchor: start, head: start } }
  ].map(state => {
    awareness.setLocalState(state)
    return encode({ type: 'awareness', update: encodeAwarenessUpdate(awareness, [doc.clientID]) })
  })
  awareness.destroy()
  const update = encode({ type: 'update', update: Y.encodeStateAsUpdate(doc) })
  return [update, ...states].map(message => Buffer.from([3, 0, ...message]))
}

/** The only other one in the channel. */
async function otherPeer(url: string, example: Example, id: string): Promise<string> {
  const { peers } = (await (await fetch(`${url}/api/channels/${SUGGESTED[example]}`)).json()) as {
    peers: { list: { id: string }[] }
  }
  return peers.list.find(peer => peer.id !== id)!.id
}

for (const example of EXAMPLES) {
  t.test(`${example}: whatever others send is text, and harms nothing`, needsBrowser, async t => {
    const proxy = await buildTestApp(t)
    const page = await openExample(t, [proxy], example)
    await enter(page, 0)
    const evil = await joinChannel(t, proxy.ws, SUGGESTED[example])
    await meets(page, 1)
    const target = await otherPeer(proxy.url, example, evil.id)
    for (const data of NASTY) {
      evil.send({ action: 'broadcast', data })
      evil.send({ action: 'message', target, data })
    }
    evil.send(Buffer.from([3, 0, 1, 2, 3]))
    for (const message of nastyDocuments()) evil.send(message)
    if (example === 'notes') await page.locator('.cm-ySelectionInfo', { hasText: HTML.slice(0, 30) }).waitFor()
    evil.socket.close()
    await meets(page, 0)
    t.equal(await page.evaluate('globalThis.hacked'), undefined)
    t.equal(await page.evaluate('({}).hacked'), undefined)
    t.equal(await page.locator('main :is(img:not(.cm-widgetBuffer), script)').count(), 0)
    if (example === 'chat') t.ok((await page.locator('#messages p', { hasText: HTML }).count()) > 0, 'shown as text')
    if (example === 'notes') t.equal(await notesOf(page), HTML)
    if (example === 'game') t.equal(await page.locator('#score').textContent(), '0 : 0')
    if (example === 'pubsub') t.equal(await page.locator('#topics li').count(), 3)
  })
}

t.test('from the console to each example and back; each says how it works', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  await press(page, page.getByRole('link', { name: 'Examples' }), 'keyboard')
  await page.waitForURL(`${url}/examples/`)
  await page.getByRole('link', { name: 'Console' }).click()
  for (const example of EXAMPLES) {
    await page.waitForURL(`${url}/console`)
    await page.locator(`#examples a[href="examples/${example}/"]`).click()
    await page.waitForURL(`${url}/examples/${example}/`)
    await page.getByRole('link', { name: 'How it works' }).click()
    await page.waitForURL(/README\.md$/)
    const text = readFileSync(new URL(`../../public/examples/${example}/README.md`, import.meta.url), 'utf8')
    t.equal((await page.locator('body').innerText()).trim(), text.trim(), `${example} has a README of its own`)
    await page.goBack()
    await page.getByRole('link', { name: 'Console' }).click()
  }
})

t.test('a link brings a name, and joining needs a click', needsBrowser, async t => {
  const { app, url } = await buildTestApp(t)
  for (const example of EXAMPLES) {
    const page = await visit(t, `${url}/examples/${example}/#join=living.room`)
    await page.waitForFunction(() => location.hash === '')
    t.equal(await page.locator('#channel').inputValue(), 'living.room')
    t.equal(app.channelRegistry.channels().length, 0)
    await page.close()
  }
})
