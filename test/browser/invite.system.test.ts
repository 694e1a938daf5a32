// The page of an invitation as the invited sees it: the form and its mistakes, and each state of a link. How it looks is
// kept under artefacts/ for people to judge.
import t from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'
import { inspectPage, press, visit, write } from '../support/pages.ts'
import { addUser, invite, logIn } from '../support/rendezvous.ts'

const NEW_PASSWORD = 'a good long password'

const linkOf = (url: string, token: string): string => `${url}/bv/invite/#${token}`

/** Waits until the page says this, and tells in which state it is then. */
async function stateOf(page: Page, words: RegExp): Promise<{ state: string | null; form: boolean }> {
  const state = page.locator('#state', { hasText: words })
  await state.waitFor()
  return { state: await state.getAttribute('data-state'), form: await page.locator('#form').isVisible() }
}

t.test('the invited chooses name and password, by keyboard, and logs in with them', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t, rendezvousOptions)
  await addUser(url, 'taken')
  const token = await invite(url, 'ann@example.org')
  const page = await visit(t, linkOf(url, token), { width: 360 })
  t.strictSame(await stateOf(page, /works once/), { state: 'open', form: true })
  const [name, password, again] = [
    page.getByLabel('Login name'),
    page.getByLabel(/^Password/),
    page.getByLabel('The password again')
  ] as const
  t.equal(await name.inputValue(), 'ann@example.org', 'the name that was suggested')
  await inspectPage(t, page, 'invite-360-light')

  // The browser itself keeps this back.
  const isValid = async (): Promise<boolean> =>
    await page.locator('#form').evaluate(form => (form as HTMLFormElement).checkValidity())
  await write(page, name, 'keyboard', 'two words')
  await write(page, password, 'keyboard', NEW_PASSWORD)
  await write(page, again, 'keyboard', NEW_PASSWORD)
  t.notOk(await isValid(), 'a name with a blank')
  await write(page, name, 'keyboard', 'ann')
  t.ok(await isValid())
  await write(page, again, 'keyboard', 'another password')
  t.notOk(await isValid(), 'two passwords that differ')
  await write(page, again, 'keyboard', NEW_PASSWORD)
  await write(page, password, 'keyboard', 'short')
  t.notOk(await isValid(), 'a short password')

  // What only the proxy knows: the form stays, the passwords do not.
  await write(page, name, 'keyboard', 'TAKEN')
  await write(page, password, 'keyboard', NEW_PASSWORD)
  await press(page, page.getByRole('button', { name: 'Create the account' }), 'keyboard')
  t.strictSame(await stateOf(page, /has this login name/), { state: 'failed', form: true })
  await page.waitForFunction("document.getElementById('password').value === ''")
  t.equal(await again.inputValue(), '')

  await write(page, name, 'keyboard', 'ann')
  await write(page, password, 'keyboard', NEW_PASSWORD)
  await write(page, again, 'keyboard', NEW_PASSWORD)
  await press(page, page.getByRole('button', { name: 'Create the account' }), 'keyboard')
  t.strictSame(await stateOf(page, /The account ann is yours/), { state: 'done', form: false })
  t.equal(await page.evaluate('location.href'), `${url}/bv/invite/`, 'the token has gone from the address')
  await logIn(t, ws, 'ann', NEW_PASSWORD)

  const later = await visit(t, linkOf(url, token), { dark: true })
  t.strictSame(await stateOf(later, /was used before/), { state: 'failed', form: false })
  await inspectPage(t, later, 'invite-used-1280-dark')
})

t.test('a link that is unknown, incomplete or expired is told apart', needsBrowser, async t => {
  const { url } = await buildTestApp(t, rendezvousOptions)
  const token = await invite(url)
  for (const wrong of ['A'.repeat(22), token.slice(0, -1), '', '<img src=x onerror=alert(1)>'.repeat(8)]) {
    const page = await visit(t, linkOf(url, wrong))
    t.strictSame(await stateOf(page, /does not exist/), { state: 'failed', form: false }, wrong)
    await page.close()
  }

  // One that expires before it is looked at, and one that expires while its form is open.
  const open = await visit(t, linkOf(url, token))
  await stateOf(open, /works once/)
  const now = Date.now
  Date.now = () => now() + 72 * 3_600_000 + 1
  t.teardown(() => {
    Date.now = now
  })
  const late = await visit(t, linkOf(url, token))
  t.strictSame(await stateOf(late, /has expired/), { state: 'failed', form: false })
  await write(open, open.getByLabel('Login name'), 'pointer', 'ann')
  for (const label of [/^Password/, 'The password again'])
    await write(open, open.getByLabel(label), 'pointer', NEW_PASSWORD)
  await press(open, open.getByRole('button', { name: 'Create the account' }), 'pointer')
  t.strictSame(await stateOf(open, /has expired/), { state: 'failed', form: false })
})

t.test(
  'a link of the listener for other machines works there, and a proxy that has gone is told',
  needsBrowser,
  async t => {
    const { url, app } = await buildTestApp(t, { ...rendezvousOptions, bvListen: '127.0.0.1:0' })
    const answer = await fetch(`${url}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}'
    })
    const { link } = (await answer.json()) as { link: string }
    t.ok(link.startsWith(`http://127.0.0.1:${app.rendezvousListener.port}/bv/invite/#`))
    const page = await visit(t, link)
    t.strictSame(await stateOf(page, /works once/), { state: 'open', form: true })
    await write(page, page.getByLabel('Login name'), 'pointer', 'ann')
    for (const label of [/^Password/, 'The password again'])
      await write(page, page.getByLabel(label), 'pointer', NEW_PASSWORD)
    await app.close()
    await press(page, page.getByRole('button', { name: 'Create the account' }), 'pointer')
    t.strictSame(await stateOf(page, /cannot be reached/), { state: 'failed', form: true })
  }
)
