// The console's list of online users of the rendezvous: present only if the proxy is one, and up to date.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { rendezvousOptions } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'
import { inspectPage, visit } from '../support/pages.ts'
import { addUser, logIn } from '../support/rendezvous.ts'

t.test('who comes and goes is listed, by name as text', needsBrowser, async t => {
  const { url, ws } = await buildTestApp(t, rendezvousOptions)
  const page = await visit(t, url)
  await page.getByText('Nobody is logged in at the rendezvous.').waitFor()
  for (const name of ['ann', '<b>ben</b>', `long-${'x'.repeat(90)}`]) await addUser(url, name)
  const ann = [await logIn(t, ws, 'ann'), await logIn(t, ws, 'ann')]
  await logIn(t, ws, '<b>ben</b>')
  await logIn(t, ws, `long-${'x'.repeat(90)}`)
  const item = (name: string) => page.locator('#online-list li', { hasText: name })
  await item('ann').getByText('2 pages').waitFor()
  await item('<b>ben</b>').getByText('1 page').waitFor()
  await page.getByText('3 users on 4 pages').waitFor()
  for (const [width, dark] of [
    [1280, false],
    [360, true]
  ] as const) {
    await page.setViewportSize({ width, height: 860 })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    await inspectPage(t, page, `console-online-${width}-${dark ? 'dark' : 'light'}`)
  }
  await ann[0]!.close()
  await item('ann').getByText('1 page').waitFor()
  await ann[1]!.close()
  await item('ann').waitFor({ state: 'detached' })
})

t.test('without a rendezvous there is no such list', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  const asked = await page.waitForResponse(/\/api\/rendezvous$/)
  t.match(await asked.json(), { state: 'off' })
  t.ok(await page.locator('#online-card').isHidden())
})
