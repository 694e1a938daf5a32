// Visits to the pages that the proxy serves: how they are opened, what every one of them must not do, and how the same
// action is done with a pointer and with keys. Knows no page's content.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildTestApp, type TestApp } from './app.ts'
import { openPage, sharedBrowser } from './browser.ts'

const ARTEFACTS = fileURLToPath(new URL('../../artefacts', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Largest number of stops of the Tab key that a page may have before the one that is looked for. */
const MAX_STOPS = 120

/** How an action is done. */
export type Hand = 'pointer' | 'keyboard'

/** The screen of a visitor, and answers of the API for it. */
export interface Visitor {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  /** Answers of the API that stand in for the proxy's, by the last part of their path. */
  readonly fakes?: Readonly<Record<string, () => unknown>>
}

/** Opens a page of a proxy. A request to any other host, and anything that the page's policy has to stop, fails the test. */
export async function visit(
  t: Test,
  address: string,
  { width = 1280, height = 860, dark = false, fakes = {} }: Visitor = {}
): Promise<Page> {
  const { page } = await openPage(t, await sharedBrowser(), 'about:blank', {
    permissions: ['clipboard-read', 'clipboard-write', 'camera', 'microphone']
  })
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
  const { host } = new URL(address)
  const inspect = (url: string): void => {
    if (!/^(data|blob):/.test(url) && new URL(url).host !== host)
      t.fail(`a request to another host: ${new URL(url).host}`)
  }
  page.on('request', request => inspect(request.url()))
  page.on('websocket', socket => inspect(socket.url()))
  page.on('console', message => {
    if (/Content Security Policy|Trusted/i.test(message.text())) t.fail(message.text())
  })
  for (const [name, answer] of Object.entries(fakes))
    await page.route(`**/api/${name}`, route => route.fulfill({ json: answer() }))
  await page.goto(address)
  return page
}

/** One proxy, or two that are linked. Their order is that of the linking: the second has dialled the first. */
export async function buildProxies(
  t: Test,
  count: 1 | 2,
  options: Parameters<typeof buildTestApp>[1] = {}
): Promise<TestApp[]> {
  const first = await buildTestApp(t, { meshHost: '127.0.0.1', ...options })
  if (count === 1) return [first]
  return [
    first,
    await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${first.app.peerMesh.port}`], ...options })
  ]
}

/** Goes to a control with the Tab key alone, from wherever the focus is. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const element = await target.elementHandle()
  for (let stop = 0; stop < MAX_STOPS; stop++) {
    if (await element.evaluate(element => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`not reached with the Tab key: ${target.toString()}`)
}

/** Presses a control. */
export async function press(page: Page, target: Locator, hand: Hand): Promise<void> {
  await target.waitFor()
  if (hand === 'pointer') return await target.click()
  await tabTo(page, target)
  await page.keyboard.press('Enter')
}

/** Writes into a field, in place of its text. */
export async function write(page: Page, target: Locator, hand: Hand, text: string): Promise<void> {
  if (hand === 'pointer') {
    await target.click()
  } else {
    await tabTo(page, target)
  }
  await page.keyboard.press('ControlOrMeta+A')
  if (text === '') await page.keyboard.press('Delete')
  else await page.keyboard.insertText(text)
}

/** With KEEP_PICTURES=1: keeps a picture of the page under artefacts/, to be looked at by people. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env['KEEP_PICTURES'] !== '1') return
  mkdirSync(ARTEFACTS, { recursive: true })
  await page.screenshot({ path: `${ARTEFACTS}/${name}.png`, fullPage: true })
}

/** Looks for what keeps people out: what axe calls serious, and a page that is wider than the screen. */
export async function inspectPage(t: Test, page: Page, name: string): Promise<void> {
  await keepPicture(page, name)
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  t.ok(wider <= 0, `${name}: nothing sticks out at the side`)
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run: (options: object) => Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
        }>
      }
    }
    // It scrolls all scrollable elements.
    const places = [...document.querySelectorAll('*')].map(element => [element, element.scrollTop] as const)
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    for (const [element, top] of places) element.scrollTop = top
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)
            .join(' | ')}`
      )
  })
  t.strictSame(found, [], `${name}: axe finds nothing serious`)
}
