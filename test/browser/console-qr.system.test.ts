// The QR codes of the console, read by another program: they hold the address that they should hold.
import { createRequire } from 'node:module'
import type jsqr from 'jsqr'
import t from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { button, join, part } from '../support/console.ts'
import { inspectPage, press, visit } from '../support/pages.ts'

// Its types are those of another module system.
const jsQR = createRequire(import.meta.url)('jsqr') as typeof jsqr.default

/** What another program reads from the QR code of the dialog. */
async function readCode(page: Page): Promise<string | undefined> {
  const pixels = await page.locator('#share-code svg').evaluate(async svg => {
    const image = new Image()
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: 600, height: 600 })
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0, 600, 600)
    // As text: a list of a million numbers takes the way to this process many seconds.
    return [...context.getImageData(0, 0, 600, 600).data].map(value => String.fromCharCode(value)).join('')
  })
  return jsQR(Uint8ClampedArray.from(Buffer.from(pixels, 'latin1')), 600, 600)?.data
}

t.test('another program reads the link from the code', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  for (const name of ['new', 'a', `${'long.name-'.repeat(25)}55555`]) {
    if (name === 'new') {
      await button(page, 'Make a private channel …').click()
    } else {
      await join(page, name)
      await press(page, part(page, 'share'), 'pointer')
    }
    const link = await page.locator('#share-link').textContent()
    t.equal(await readCode(page), link)
    const [modules, pixels] = await page
      .locator('#share-code svg')
      .evaluate((svg): [number, number] => [
        (svg as SVGSVGElement).viewBox.baseVal.width,
        svg.getBoundingClientRect().width
      ])
    t.ok(pixels / modules >= 3.9, `${pixels} pixels for ${modules} modules`)
    t.match(link, name === 'new' ? /#join=[a-z2-7]{32}$/ : `#join=${name}`)
    await page.getByRole('button', { name: 'Close' }).click()
  }
})

t.test('where the settings let phones in, the code holds the address in the network', needsBrowser, async t => {
  const { url, port } = await buildTestApp(t, {
    host: '0.0.0.0',
    apiToken: 'the-token-of-this-test',
    allowedHosts: ['pc.lan']
  })
  const page = await visit(t, url)
  await button(page, 'Make a private channel …').click()
  const dialog = page.getByRole('dialog', { name: 'A private channel' })
  const name = await page.locator('#share-name').textContent()
  t.equal(await readCode(page), `${url}/console#join=${name}`, 'not before the token says that one may know')
  t.equal(await page.locator('#share-lan').isVisible(), false)
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.locator('#token').fill('the-token-of-this-test')
  await page.locator('#token').press('Enter')
  await button(page, 'Make a private channel …').click()
  await page.locator('#share-lan').waitFor() // Comes with the next answer of the API.
  const shown = `http://pc.lan:${port}/console#join=${await page.locator('#share-name').textContent()}`
  t.equal(await page.locator('#share-lan-link').textContent(), shown)
  t.equal(await readCode(page), shown)
  t.equal(
    await page.locator('#share-link').textContent(),
    `${url}/console#join=${await page.locator('#share-name').textContent()}`,
    'the link for computers is as ever'
  )
  await inspectPage(t, page, 'console-phones-1280-light')
})
