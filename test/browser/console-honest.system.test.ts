// The console says what happened to a message: to whom it went, and whether it went at all.
import t from 'tap'
import { friendlyWords } from '../../src/core/friendly-words.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { button, join, line, panel, part } from '../support/console.ts'
import { visit } from '../support/pages.ts'

t.test('what is written to one peer goes to nobody else when that peer leaves', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const a = await visit(t, url)
  await join(a, 'room')
  const [bob, carol] = [await joinChannel(t, ws, 'room'), await joinChannel(t, ws, 'room')]
  await a.locator('button.peer', { hasText: friendlyWords(bob.id) }).click()
  await part(a, 'text').fill('for bob only')
  bob.socket.close()
  await part(a, 'gone')
    .getByText(`${friendlyWords(bob.id)} has left.`)
    .waitFor()
  await part(a, 'text').press('Enter')
  t.ok(await button(a, 'Send').isDisabled())
  t.equal(await part(a, 'text').inputValue(), 'for bob only', 'the text stays')
  t.equal(await line(a, 'for bob only').count(), 0)
  await part(a, 'target').selectOption('')
  await part(a, 'text').press('Enter')
  await line(a, 'for bob only').waitFor()
  t.match(await carol.nextOf('broadcast'), { data: 'for bob only' }, 'the first thing that the third one hears')
})

t.test('what was not accepted is struck out, and why', needsBrowser, async t => {
  const { url } = await buildTestApp(t, { maxMessagesPerSecond: 3, maxMessageBytes: 5000 })
  const a = await visit(t, url)
  await join(a, 'room')
  await a.evaluate(() => {
    const text = document.querySelector<HTMLTextAreaElement>('[data-part=text]')!
    for (let n = 0; n < 6; n++) {
      text.value = `number ${n}`
      text.form!.requestSubmit()
    }
  })
  await line(a, /messages? not sent\. .*NWS_MAX_MESSAGES_PER_SECOND/)
    .first()
    .waitFor()
  await panel(a).locator('.line.refused', { hasText: 'number 5' }).waitFor()
  t.ok((await panel(a).locator('.line.refused').count()) < 6, 'others were sent')
  await panel(a).locator('.line.refused', { hasText: 'number 5' }).getByRole('button', { name: 'Send again' }).waitFor()

  const b = await visit(t, url)
  await join(b, 'large')
  await part(b, 'text').fill('y'.repeat(6000))
  await part(b, 'text').press('Enter')
  await line(b, /1 message not sent\. .*NWS_MAX_MESSAGE_BYTES/).waitFor()
  await panel(b).locator('.line.refused').waitFor()
})

t.test('a full channel is called full, in one line', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t, { maxPeersPerChannel: 1 })
  const first = await joinChannel(t, ws, 'room')
  const page = await visit(t, url)
  await page.locator('#channel').fill('room')
  await page.locator('#join button').click()
  await line(page, /NWS_MAX_PEERS_PER_CHANNEL.*\((?:[3-9]|\d\d) times\)/).waitFor()
  t.equal(await panel(page).locator('.line.error').count(), 1)
  t.match(
    await part(page, 'state').textContent(),
    /^Not joined: .*NWS_MAX_PEERS_PER_CHANNEL.* Next attempt in \d+ s\.$/
  )
  t.equal(await line(page, 'The connection is lost').count(), 0)
  first.socket.close()
  await line(page, 'Joined.').waitFor()
})

t.test('the newest line is in sight after a change of tabs and after the button', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'one')
  await join(page, 'two')
  const sender = await joinChannel(t, ws, 'one')
  for (let n = 0; n < 300; n++) sender.send({ action: 'broadcast', data: `${n} ${'words '.repeat((n * 7) % 90)}` })
  sender.send({ action: 'broadcast', data: 'the last of one' })
  await page.getByRole('tab', { name: 'one' }).getByText('301 new').waitFor()
  await page.getByRole('tab', { name: 'one' }).click()
  const isAtEnd = (wanted: boolean) => {
    const list = document.querySelector('.panel:not([hidden]) [data-part=log]')!
    return list.scrollTop + list.clientHeight > list.scrollHeight - 30 === wanted
  }
  await line(page, 'the last of one').waitFor()
  await page.waitForFunction(isAtEnd, true)
  await part(page, 'log').hover()
  await page.mouse.wheel(0, -4000)
  await page.waitForFunction(isAtEnd, false)
  sender.send({ action: 'broadcast', data: 'one more' })
  await part(page, 'unseen').click()
  await page.waitForFunction(isAtEnd, true)
  await part(page, 'filter').fill('no line has this')
  await panel(page)
    .getByText(/^None of \d+ lines has this\.$/)
    .waitFor()
})

t.test('a proxy that is gone finds no others, and a name with a blank is refused in words', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  const filter = (): Promise<string> => page.locator('#states').evaluate(states => getComputedStyle(states).filter)
  t.equal(await filter(), 'none')
  await page.locator('#network').evaluate(network => network.classList.add('stale'))
  t.equal(await filter(), 'grayscale(1)')
  await page.locator('#channel').fill('two words')
  const [isValid, title] = await page
    .locator('#channel')
    .evaluate((field: HTMLInputElement): [boolean, string] => [field.checkValidity(), field.title])
  t.notOk(isValid)
  t.match(title, /without blanks/, 'browsers show it beside their own words')
})
