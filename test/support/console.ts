// What one does on the console, and the parts of it that tests look at. Asserts nothing.
import { once } from 'node:events'
import type { Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openSocket } from './channel.ts'
import { press, tabTo, write, type Hand } from './pages.ts'

/** The panel that is in sight, and its parts. */
export const panel = (page: Page): Locator => page.locator('.panel:not([hidden])')
export const part = (page: Page, name: string): Locator => panel(page).locator(`[data-part=${name}]`)
export const line = (page: Page, text: string | RegExp): Locator => panel(page).locator('.line', { hasText: text })
export const tab = (page: Page, name: string): Locator => page.getByRole('tab', { name })
export const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: typeof name === 'string' })

/** Joins a channel and waits until that is so. Gives the page's own words, empty on raw channels. */
export async function join(
  page: Page,
  name: string,
  { hand = 'pointer', local = false }: { hand?: Hand; local?: boolean } = {}
): Promise<string> {
  await write(page, page.locator('#channel'), hand, name)
  if (local) {
    const radio = page.getByLabel('This computer only')
    if (hand === 'pointer') await radio.click()
    else {
      await tabTo(page, page.getByLabel('Whole network'))
      await page.keyboard.press('ArrowDown')
    }
  }
  await press(page, page.locator('#join button'), hand)
  await line(page, 'Joined.').waitFor()
  return /you are (.+)$/.exec((await part(page, 'state').textContent()) ?? '')?.[1] ?? ''
}

/** Sends a message as the page's visitor does. */
export async function say(page: Page, text: string, hand: Hand = 'keyboard'): Promise<void> {
  await write(page, part(page, 'text'), hand, text)
  if (hand === 'keyboard') await page.keyboard.press('Enter')
  else await panel(page).getByRole('button', { name: 'Send', exact: true }).click()
}

/** The text that the page has copied. */
export const copied = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText())

/** A raw socket in a channel of this machine only. */
export async function joinRaw(t: Test, url: string, name: string) {
  const { socket, take } = openSocket(t, `${url.replace('http', 'ws')}/local/${name}`)
  await once(socket, 'open')
  return { send: (text: string) => socket.send(text), next: async () => (await take()).bytes.toString() }
}

/** Chooses a file. */
export async function attach(page: Page, hand: Hand, name: string, bytes: Buffer): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, part(page, 'attach'), hand)])
  await chooser.setFiles({ name, mimeType: 'text/html', buffer: bytes })
}

export async function save(page: Page, where: Locator, hand: Hand): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, where, hand)])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  return { name: download.suggestedFilename(), bytes: Buffer.concat(chunks) }
}

/** Times between the next frames of a page, for people to read: they depend on the machine. */
export function timeFrames(page: Page, count: number): Promise<string> {
  return page.evaluate(async count => {
    const times: number[] = []
    for (let last = performance.now(); times.length < count;) {
      const now = await new Promise<number>(requestAnimationFrame)
      times.push(Math.max(0, now - last))
      last = now
    }
    times.sort((a, b) => a - b)
    return `middle ${times[count >> 1]!.toFixed(1)} ms, longest ${times.at(-1)!.toFixed(0)} ms`
  }, count)
}
