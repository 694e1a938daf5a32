// A laptop with a proxy and a phone: two network namespaces, so that the phone has what a phone has, an address of the network
// and pages from an insecure origin. And a camera, which reads QR codes.
import { chmodSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type jsqr from 'jsqr'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { launchBrowser } from './browser.ts'
import { createNetwork, type Host, type Program } from './namespaces.ts'

// Its types are those of another module system.
const jsQR = createRequire(import.meta.url)('jsqr') as typeof jsqr.default

const LAPTOP = '192.168.77.1/24'
const PHONE = '192.168.77.2/24'
const PATIENCE_MS = 60_000
/** Pixels of a module of a drawn code. */
const MODULE = 4

/** A browser in a host. */
export async function browserIn(t: Test, host: Host, folder: string): Promise<Browser> {
  const wrapper = join(folder, `chromium-${host.namespace}`)
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${host.namespace} /usr/bin/chromium "$@"\n`)
  chmodSync(wrapper, 0o755)
  const browser = await launchBrowser(wrapper)
  t.teardown(() => browser.close())
  return browser
}

/** A page whose uncaught errors fail the test. */
export async function pageOf(t: Test, context: BrowserContext): Promise<Page> {
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  page.on('pageerror', error => t.fail(`uncaught in the page: ${error.message}`))
  return page
}

export interface Pair {
  readonly folder: string
  readonly laptop: Host
  readonly phone: Host
  /** The proxy of the laptop. */
  readonly proxy: Program
  /** A page of the phone's browser. */
  readonly phonePage: Page
  /** A browser on the laptop. */
  readonly desktop: () => Promise<BrowserContext>
}

/** A laptop and a phone in one network. @param start how the laptop starts its proxy: arguments of Node.js */
export async function createPair(t: Test, start: readonly string[] = ['dist/server.js']): Promise<Pair> {
  const folder = t.testdir({})
  const { hosts } = await createNetwork(t, [{ address: LAPTOP }, { address: PHONE }])
  const [laptop, phone] = hosts as [Host, Host]
  const [script, ...options] = start.toReversed()
  const proxy = laptop.spawn(process.execPath, [...options.toReversed(), script!], {
    env: { NWS_DISCOVERY: 'off', NWS_PORT: '9009' }
  })
  await proxy.printed(/is running: http/)
  const phoneContext = await (
    await browserIn(t, phone, folder)
  ).newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, acceptDownloads: true })
  return {
    folder,
    laptop,
    phone,
    proxy,
    phonePage: await pageOf(t, phoneContext),
    desktop: async () =>
      await (await browserIn(t, laptop, folder)).newContext({ viewport: { width: 1100, height: 900 } })
  }
}

/** Reads the QR code on a page, as a camera does. */
export async function scan(page: Page): Promise<string | undefined> {
  const picture = (await page.screenshot()).toString('base64')
  const { width, height, pixels } = await page.evaluate(async picture => {
    const image = new Image()
    image.src = `data:image/png;base64,${picture}`
    await image.decode()
    const { width, height } = image
    const canvas = Object.assign(document.createElement('canvas'), { width, height })
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    return { width, height, pixels: Array.from(data, value => String.fromCharCode(value)).join('') }
  }, picture)
  return jsQR(Uint8ClampedArray.from(Buffer.from(pixels, 'latin1')), width, height)?.data
}

/** Reads the QR code in the output of a command: half blocks, which draw the light modules. */
export function scanText(output: string): string | undefined {
  const lines = output.split('\n').filter(line => /^[█▀▄ ]{21,}$/.test(line))
  const columns = lines[0]?.length ?? 0
  const width = columns * MODULE
  const height = lines.length * 2 * MODULE
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = Math.floor(y / MODULE)
      const light = lines[row >> 1]![Math.floor(x / MODULE)]!
      if (light !== '█' && light !== (row % 2 === 0 ? '▀' : '▄'))
        pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  return jsQR(pixels, width, height)?.data
}

/** Resolves when the page has joined. */
export const isIn = (page: Page): Promise<void> => page.locator('#room:not([hidden])').waitFor()
