// The page that shows the API: under its strict policy, with and without a token.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, sharedBrowser } from '../support/browser.ts'
import { inspectPage, visit } from '../support/pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

t.test('[R11] shows every operation and message', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const { page, console } = await openPage(t, await sharedBrowser(), `${url}/docs/api`)
  await page.locator('#state').waitFor({ state: 'hidden' })
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as { paths: Record<string, object> }
  const paths = await page.locator('#http summary code').allTextContents()
  t.strictSame(new Set(paths), new Set(Object.keys(document.paths)))
  t.match(
    await page.locator('#http details', { hasText: '/api/channels/{name}/messages' }).first().textContent(),
    /waitMs \(query\)/
  )
  t.strictSame(
    new Set(await page.locator('#socket summary code').allTextContents()),
    new Set(['broadcast', 'message', 'status', 'auth', 'binary', 'connect', 'disconnect', 'error'])
  )
  t.strictSame(console, [], 'the policy is not broken')
  await page.locator('details').evaluateAll(all => {
    for (const each of all) (each as HTMLDetailsElement).open = true
  })
  // The policy of the page holds for a script that a test puts in as well: this one comes past it.
  const violations = await page.evaluate(
    `(() => { ${axe}\n return axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html)) })()`
  )
  t.strictSame(violations, [])
})

t.test('[R11] the manual and the page of a channel fit a phone, and lead to the console', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, `${url}/docs/ERRORS.md#nws_err_channel_full`, { width: 360, dark: true })
  await page.locator('tr:target', { hasText: 'NWS_ERR_CHANNEL_FULL' }).waitFor()
  await inspectPage(t, page, 'manual-errors-360-dark')
  await page.goto(`${url}/webchat`)
  await inspectPage(t, page, 'channel-page-360-dark')
  await page.getByRole('link', { name: 'Open it in the console' }).click()
  await page.locator('#invitation-name', { hasText: 'webchat' }).waitFor()
})

t.test('asks for the token where there is one', needsBrowser, async t => {
  const { url } = await buildTestApp(t, { apiToken: 'secret' })
  const { page } = await openPage(t, await sharedBrowser(), `${url}/docs/api`)
  await page.locator('#token-form').waitFor({ state: 'visible' })
  t.equal(await page.locator('#http details').count(), 0)
  await page.fill('#token', 'secret')
  await page.click('#token-form button')
  await page.locator('#state').waitFor({ state: 'hidden' })
  t.ok((await page.locator('#http details').count()) > 5)
})
