// Private channels in the console: names, links, QR codes, and invitations that a link brings. By pointer, and by
// keyboard alone.
import t from 'tap'
import { isChannelName } from '../../src/core/channel-name.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { button, copied, line, part } from '../support/console.ts'
import { press, visit } from '../support/pages.ts'

for (const hand of ['pointer', 'keyboard'] as const) {
  t.test(`private channels, links and invitations, by ${hand}`, needsBrowser, async t => {
    const { app, url } = await buildTestApp(t)
    const a = await visit(t, url)
    await press(a, button(a, 'Make a private channel …'), hand)
    const dialog = a.getByRole('dialog', { name: 'A private channel' })
    await dialog.waitFor()
    const first = await a.locator('#share-name').textContent()
    await press(a, dialog.getByRole('button', { name: 'Another name' }), hand)
    const name = (await a.locator('#share-name').textContent())!
    t.match(name, /^[a-z2-7]{32}$/)
    t.not(name, first)
    t.match(await dialog.textContent(), /The other computer needs its own proxy/)
    const link = `${url}/console#join=${name}`
    t.equal(await a.locator('#share-link').textContent(), link)
    await press(a, dialog.getByRole('button', { name: 'Copy name' }), hand)
    await a.locator('#share-copy-name').getByText('Copied').waitFor()
    t.equal(await copied(a), name)
    await press(a, dialog.getByRole('button', { name: 'Copy link' }), hand)
    await a.locator('#share-copy-link').getByText('Copied').waitFor()
    t.equal(await copied(a), link)
    await dialog.getByRole('img', { name: 'QR code of the link' }).waitFor()
    await press(a, dialog.getByRole('button', { name: 'Join it' }), hand)
    await line(a, 'Joined.').waitFor()
    await press(a, part(a, 'share'), hand)
    await a.getByRole('dialog', { name: 'Invite somebody' }).getByText(link).waitFor()
    await press(a, a.getByRole('button', { name: 'Close' }), hand)

    const b = await visit(t, link)
    const invitation = b.getByRole('region', { name: 'A link invites you' })
    await invitation.getByText(name).waitFor()
    await b.waitForURL(`${url}/console`) // The name leaves the address bar.
    t.notMatch(await b.title(), name)
    t.equal(app.channelRegistry.peers().length, 1, 'nothing is joined before the click')
    await press(b, invitation.getByRole('button', { name: 'Join it' }), hand)
    await line(b, 'is here').waitFor()

    // The same page gets another one.
    await b.evaluate(() => {
      location.hash = '#join=other.room'
    })
    await invitation.getByText('other.room').waitFor()
    await b.waitForURL(`${url}/console`)
    await press(b, invitation.getByRole('button', { name: 'Not now' }), hand)
    t.notOk(await invitation.isVisible())
    t.equal(app.channelRegistry.channels().length, 1)
    t.strictSame(
      await b.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]),
      [0, 0, ''],
      'nothing is kept'
    )
  })
}

t.test('links that bring no name are no invitations', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  for (const [text, asks] of [
    ['..', false],
    ['', false],
    ['a b', false],
    ['%3Cimg%3E', false],
    ['a/b', false],
    ['a'.repeat(256), false],
    ['A+=*._-z', true],
    ['a'.repeat(255), true]
  ] as const) {
    await page.evaluate(text => {
      location.hash = `#join=${text}`
    }, text)
    await page.waitForFunction(() => location.hash === '')
    t.equal(await page.locator('#invitation').isVisible(), asks, text.slice(0, 20))
    if (asks) await page.locator('#invitation-dismiss').click()
  }
  // The field's grammar is the proxy's.
  const pattern = new RegExp(`^(?:${await page.locator('#channel').getAttribute('pattern')})$`, 'v')
  for (const text of ['a', '.', '..', '...', 'a b', 'ä', '+=*._-', 'A9', 'a/b', 'a%', '.a', ''])
    t.equal(pattern.test(text), isChannelName(text), JSON.stringify(text))
})
