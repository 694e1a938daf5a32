// The timeline of a channel in the console: it finds a message that was sent too early, across two proxies; export, import,
// replay, faults, and a thousand messages a second.
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import type { Page } from 'playwright-core'
import { openPage, needsBrowser, servePages, sharedBrowser } from '../support/browser.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { join, line, panel, part, save, timeFrames } from '../support/console.ts'
import { buildProxies, inspectPage, press, tabTo, visit, type Hand } from '../support/pages.ts'

const moment = (page: Page, text: string | RegExp) => panel(page).locator('.moment', { hasText: text })
const details = (page: Page) => part(page, 'details')

async function openTimeline(page: Page, hand: Hand = 'pointer'): Promise<void> {
  await press(page, panel(page).getByText('Timeline', { exact: true }), hand)
  await part(page, 'moments').waitFor()
}

/** A small app with a mistake: it greets when its own channel opens, but others may come later. */
const app = (ws: string, url: string) => `<!doctype html><title>App</title><ul></ul><script type="module">
  import { NetworkWebSocket } from '${url}/lib/networkwebsockets.js'
  const channel = new NetworkWebSocket('room', { endpoint: '${ws}' })
  const greet = () => channel.send('here I am')
  if (location.search === '?mended') channel.onconnect = greet
  else channel.onopen = greet
  channel.onmessage = ({ data }) => {
    document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: data }))
  }
</script>`

t.test('a message that an app sends too early is found, with the keys alone', needsBrowser, async t => {
  const [here, there] = await buildProxies(t, 2)
  const one = await servePages(t, { '/': app(here!.ws, here!.url) })
  const other = await servePages(t, { '/': app(there!.ws, there!.url) })
  const browser = await sharedBrowser()
  const page = await visit(t, here!.url)
  await join(page, 'room')
  await openTimeline(page, 'keyboard')

  const { page: first } = await openPage(t, browser, one)
  await moment(page, 'here I am').waitFor()
  const { page: second } = await openPage(t, browser, other)

  // The line of the peer that came late says it, and the message says for whom it was too early.
  await moment(page, /is here · 1 earlier message did not reach it/).waitFor()
  t.equal(await second.getByText('here I am').count(), 0, 'the mistake, as its user sees it')
  await tabTo(page, part(page, 'moments'))
  await page.keyboard.press('Home')
  while ((await details(page).getByText('here I am').count()) === 0) await page.keyboard.press('ArrowDown')
  t.match(await details(page).locator('.missed').textContent(), /Came later, did not get it[a-z]+ [a-z]+ \(.* after\)/)
  t.match(await details(page).textContent(), /68 65 72 65 20 49 20 61 6d/, 'its bytes')
  await inspectPage(t, page, 'console-timeline-1280-light')

  // The mended app greets when it is told of a peer.
  await first.close()
  await second.close()
  await moment(page, 'leaves').nth(1).waitFor()
  await openPage(t, browser, `${one}/?mended`)
  const { page: late } = await openPage(t, browser, `${other}/?mended`)
  await late.getByText('here I am').first().waitFor()
  await moment(page, 'here I am').nth(2).waitFor() // The first app came before, greeted this page, and then the late one.
  await tabTo(page, part(page, 'moments'))
  await page.keyboard.press('End')
  while ((await details(page).getByText('here I am').count()) === 0) await page.keyboard.press('ArrowUp')
  t.equal(await details(page).locator('.missed').count(), 0)
})

t.test('a timeline is exported, imported and sent again', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url, { width: 390, height: 844, dark: true })
  await join(page, 'canary-room')
  const sender = await joinChannel(t, ws, 'canary-room')
  sender.send({ action: 'broadcast', data: { lamp: 'on', level: 7 } })
  sender.send(Buffer.from([3, 0, 0, 255, 10]))
  sender.send({ action: 'message', target: (await sender.nextOf('connect')).target, data: 'for you alone' })
  await line(page, 'for you alone').waitFor()
  await openTimeline(page)
  await moment(page, 'for you alone').waitFor()
  await part(page, 'moments').focus()
  await page.keyboard.press('Home')
  while ((await details(page).getByText('"level": 7').count()) === 0) await page.keyboard.press('ArrowDown')
  t.match(await details(page).textContent(), /"level": 7/)
  await inspectPage(t, page, 'console-timeline-390-dark')

  const file = await save(page, part(page, 'export'), 'pointer')
  const text = file.bytes.toString()
  t.notMatch(text, /canary-room/, 'the name of a channel is a secret')
  const lines = text.split('\n')
  t.match(JSON.parse(lines[0]!), { format: 'nws-timeline', version: 1, dropped: 0 })
  t.ok(lines.some(line => line.includes('"json":"{\\"lamp\\":\\"on\\",\\"level\\":7}"')))
  t.ok(lines.some(line => line.includes('"binary":"AP8K"')))

  const bring = async (name: string, buffer: Buffer): Promise<void> => {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      press(page, part(page, 'import'), 'pointer')
    ])
    await chooser.setFiles({ name, mimeType: 'text/plain', buffer })
  }
  await bring('bad.jsonl', Buffer.from(`${lines[0]}\n{}`))
  await panel(page).getByText('bad.jsonl was not imported. Line 2: "at" must be').waitFor()
  await bring('good.jsonl', file.bytes)
  await panel(page)
    .getByText(/moments of good\.jsonl/)
    .waitFor()
  t.equal(await moment(page, 'for you alone').count(), 1)

  await sender.arrived()
  await press(page, part(page, 'step'), 'pointer')
  await panel(page).getByText('1 of 3 messages sent. Waits for the next step.').waitFor()
  t.strictSame((await sender.nextOf('broadcast')).data, { lamp: 'on', level: 7 }, 'a JSON value, not its text')
  await press(page, part(page, 'play-fast'), 'pointer')
  await panel(page)
    .getByText('2 of 3 messages sent, 1 direct message left out: the receiver is not here. Done.')
    .waitFor()
  const binary = (await sender.nextOf('binary'))['bytes'] as Buffer
  t.equal(binary.subarray(-3).toString('hex'), '00ff0a')
})

t.test('a fault is on as long as its page, and all who look see it', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const [page, other] = [await visit(t, url), await visit(t, url)]
  await join(page, 'room')
  await join(other, 'room')
  const app = await joinChannel(t, ws, 'room')
  await openTimeline(page)
  await press(page, part(page, 'fault-switch'), 'pointer')
  await panel(page).getByText('Choose a fault first.').waitFor()
  await panel(page).getByLabel('Delay').selectOption('10 s')
  await press(page, part(page, 'fault-switch'), 'pointer')
  await part(page, 'fault-words').getByText('A fault is on for 2 other WebSockets of this proxy').waitFor()
  await moment(page, 'everything comes 10000 ms later').waitFor()
  await part(other, 'state').getByText('a fault for developers is on').waitFor()
  await inspectPage(t, page, 'console-fault-1280-light')
  app.send({ action: 'broadcast', data: 'late for others' })
  await moment(page, 'late for others').waitFor()
  t.equal(await line(other, 'late for others').count(), 0)
  await page.close()
  await line(other, 'late for others').waitFor()
  await part(other, 'state').getByText('a fault for developers is on').waitFor({ state: 'hidden' })
})

t.test('a thousand messages a second are recorded and shown', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  await openTimeline(page)
  const sender = await joinChannel(t, ws, 'room')
  const stream = async (): Promise<void> => {
    for (let n = 0; n < 1000; n++) {
      sender.send({ action: 'broadcast', data: { n } })
      if (n % 20 === 19) await setTimeout(20)
    }
  }
  t.comment(`frames: ${(await Promise.all([timeFrames(page, 60), stream()]))[0]}`)
  await moment(page, '{"n":999}').waitFor()
  await panel(page).getByText('1,002 moments.').waitFor()
})
