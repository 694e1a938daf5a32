// The examples with words at work: chat, topics and notes, with two and three pages, through one proxy and through two
// that are linked. Not how they look (examples-display.test.ts).
import t from 'tap'
import type { Page } from 'playwright-core'
import { needsBrowser } from '../support/browser.ts'
import { enter, gather, meets, openExample, sameNotes } from '../support/examples.ts'
import { buildHost } from '../support/guests.ts'
import { buildProxies, press, tabTo, visit, write } from '../support/pages.ts'

const said = (page: Page, text: string | RegExp) => page.locator('#messages p', { hasText: text })
const person = (page: Page, name: string | RegExp) => page.locator('#people li', { hasText: name })
const topic = (page: Page, name: string) => page.locator('#topics li', { hasText: name })
const received = (page: Page) => page.locator('#received li').allTextContents()

async function sayInChat(page: Page, text: string): Promise<void> {
  await page.locator('#text').fill(text)
  await page.keyboard.press('Enter')
}

for (const count of [1, 2] as const) {
  const through = count === 1 ? 'one proxy' : 'two linked proxies'

  t.test(`chat through ${through}`, needsBrowser, async t => {
    const proxies = await buildProxies(t, count)
    const [a, b] = (await gather(t, proxies, 'chat', 2)) as [Page, Page]
    await write(a, a.getByLabel('Your name'), 'pointer', 'Ada')
    await a.getByLabel('Your name').blur()
    await person(b, 'Ada').waitFor()
    await sayInChat(a, 'Good morning')
    await said(b, /^AdaGood morning$/).waitFor()
    await said(a, /^youGood morning$/).waitFor()
    await write(b, b.locator('#text'), 'keyboard', 'Hello back')
    await press(b, b.getByRole('button', { name: 'Send' }), 'keyboard')
    await said(a, /^somebody \(....\)Hello back$/).waitFor()
    const c = await openExample(t, proxies, 'chat', 2)
    await enter(c, 2)
    await person(c, 'Ada').waitFor()
    await sayInChat(c, 'I am late')
    for (const page of [a, b]) await said(page, 'I am late').waitFor()
    t.equal(await said(c, 'Good morning').count(), 0, 'what was said before is not told')
    await press(a, a.getByRole('button', { name: 'Leave' }), 'keyboard')
    for (const page of [b, c]) await said(page, 'Ada has left.').waitFor()
    await a.getByText('You have left.').waitFor()
    await enter(a, 2)
    await a.locator('#people li').nth(1).waitFor()
    t.equal(await a.locator('#people li').count(), 2, 'who was there before is not counted twice')
    await person(b, 'Ada').waitFor()
    // Other programs write plain text, as the README says.
    const answer = await fetch(`${proxies[0]!.url}/api/channels/webchat/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"data":"Hello from a shell"}'
    })
    t.ok(answer.ok)
    for (const page of [a, b, c]) await said(page, 'Hello from a shell').waitFor()
  })

  t.test(`topics through ${through}`, needsBrowser, async t => {
    const proxies = await buildProxies(t, count)
    const [a, b] = (await gather(t, proxies, 'pubsub', 2)) as [Page, Page]
    await topic(a, 'weather').getByRole('checkbox').click()
    await topic(b, 'weather').getByText('one other subscriber').waitFor()
    await press(b, b.getByRole('button', { name: 'Publish' }), 'keyboard')
    await b.getByText('Sent to one subscriber.').waitFor()
    await a.locator('#received', { hasText: 'weathersunny' }).waitFor()
    await b.locator('#topic').selectOption('news')
    await press(b, b.getByRole('button', { name: 'Publish' }), 'pointer')
    await b.getByText('Nobody else has subscribed to this topic.').waitFor()
    const c = await openExample(t, proxies, 'pubsub', 2)
    await enter(c, 2)
    await tabTo(c, topic(c, 'weather').getByRole('checkbox'))
    await c.keyboard.press('Space')
    await write(c, c.getByLabel('Another topic'), 'keyboard', 'doors')
    await c.keyboard.press('Enter')
    await topic(b, 'weather').getByText('2 other subscribers').waitFor()
    await b.getByLabel('Another topic').fill('doors')
    await b.keyboard.press('Enter')
    await topic(b, 'doors').getByText('one other subscriber').waitFor()
    await b.locator('#topic').selectOption('doors')
    await b.locator('#value').fill('open')
    await b.keyboard.press('Enter')
    await c.locator('#received', { hasText: 'doorsopen' }).waitFor()
    await topic(c, 'weather').getByRole('checkbox').click()
    await topic(b, 'weather').getByText('one other subscriber').waitFor()
    await b.locator('#topic').selectOption('weather')
    await b.locator('#value').fill('rain')
    await b.keyboard.press('Enter')
    await a.locator('#received', { hasText: 'weatherrain' }).waitFor()
    t.strictSame(
      [await received(a), await received(b), await received(c)],
      [['weatherrain', 'weathersunny'], [], ['doorsopen']],
      'each has what it asked for, and nothing else'
    )
    await a.close()
    await topic(b, 'weather').getByText('one other subscriber').waitFor({ state: 'hidden' })
  })
}

t.test('notes: people and a phone write one text; undo takes back what one has written', needsBrowser, async t => {
  const host = await buildHost(t)
  const { url } = await host.invite('notes', { page: 'notes' })
  const [a, b] = (await gather(t, [host], 'notes', 2)) as [Page, Page]
  const editor = (page: Page) => page.locator('.cm-content')
  await write(a, a.getByLabel('Your name'), 'pointer', 'Ada')
  await editor(a).click()
  // At once: undo takes back what was written within half a second.
  await a.keyboard.insertText('Soup')
  await sameNotes([a, b], /^Soup$/)
  await b.locator('.cm-ySelectionInfo', { hasText: 'Ada' }).waitFor()
  await person(b, 'Ada').waitFor()
  const phone = await visit(t, url, { width: 390, height: 844 })
  await meets(a, 2)
  await sameNotes([a, b, phone], /^Soup$/)
  await person(phone, 'Ada').waitFor()
  await editor(phone).click()
  await phone.keyboard.press('ControlOrMeta+End')
  await phone.keyboard.type(' and bread')
  await sameNotes([a, b, phone], /^Soup and bread$/)
  await editor(a).click()
  await a.keyboard.press('ControlOrMeta+z')
  await sameNotes([a, b, phone], /^ and bread$/)
  // Another channel has another text, and the first one is still with the others.
  await press(b, b.getByRole('button', { name: 'Leave' }), 'pointer')
  await enter(b, 0, { channel: 'other.notes' })
  await sameNotes([b], /^$/)
})

t.test('notes: without the editor, as npm installs it, the page says so', needsBrowser, async t => {
  const { url } = await buildHost(t)
  const page = await visit(t, `${url}/examples/`)
  await page.route('**/lib/codemirror.js', route => route.fulfill({ status: 404 }))
  await page.goto(`${url}/examples/notes/`)
  await page.getByText('The editor is not in the package that npm installs.').waitFor()
  t.equal(await page.getByRole('button', { name: 'Join' }).count(), 0)
})
