// What one does on the example pages. Asserts nothing.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import type { TestApp } from './app.ts'
import { press, visit, write } from './pages.ts'
import type { Hand, Visitor } from './pages.ts'

export const EXAMPLES = ['chat', 'whiteboard', 'game', 'webrtc', 'pubsub'] as const
export type Example = typeof EXAMPLES[number]

/** Opens an example, at each proxy in turn where there are several. */
export function openExample (t: Test, proxies: readonly Pick<TestApp, 'url'>[], example: Example, index = 0, visitor: Visitor = {}): Promise<Page> {
  return visit(t, `${proxies[index % proxies.length]!.url}/examples/${example}/`, visitor)
}

/** Joins the channel that the page suggests, or another. Resolves when the page knows of so many others. */
export async function enter (page: Page, others: number, { hand = 'pointer', channel }: { hand?: Hand, channel?: string } = {}): Promise<void> {
  if (channel !== undefined) await write(page, page.getByRole('textbox', { name: 'Channel' }), hand, channel)
  await press(page, page.getByRole('button', { name: 'Join' }), hand)
  await meets(page, others)
}

/** Resolves when the page says that it is in its channel with so many others. */
export async function meets (page: Page, others: number): Promise<void> {
  await page.locator('#state').getByText(others === 0 ? 'Connected. Nobody else is here yet.' : others === 1 ? 'Connected with one other.' : `Connected with ${others} others.`).waitFor()
}

/** Opens an example in several pages and brings them together; the one at an odd place is used by keys. */
export async function gather (t: Test, proxies: readonly Pick<TestApp, 'url'>[], example: Example, count: number): Promise<Page[]> {
  const pages = await Promise.all(Array.from({ length: count }, (_, i) => openExample(t, proxies, example, i)))
  for (const [i, page] of pages.entries()) await enter(page, i, { hand: i % 2 === 0 ? 'pointer' : 'keyboard' })
  for (const page of pages) await meets(page, count - 1)
  return pages
}

/** Resolves when the canvas of each page shows the same, and something where `blank` is false. */
export async function sameCanvas (pages: readonly Page[], blank = false): Promise<void> {
  for (;;) {
    const seen = await Promise.all(pages.map(page => page.evaluate(async () => {
      await new Promise(requestAnimationFrame)
      const canvas = document.querySelector('canvas')!
      const pixels = new Uint32Array(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data.buffer)
      return pixels.reduce((hash, pixel) => Math.imul(hash, 31) + pixel | 0, 0)
    })))
    if (seen.every(hash => hash === seen[0] && (hash === 0) === blank)) return
  }
}

/** Resolves when a page shows so many pictures that move. */
export async function seesVideos (page: Page, count: number): Promise<void> {
  await page.waitForFunction(count => {
    const videos = [...document.querySelectorAll('video')]
    return videos.length === count && videos.every(video => video.videoWidth > 0 && video.currentTime > 0)
  }, count, { polling: 100 })
}

/** A proxy that can be ended and started again at the same port. */
export async function startRestartable (t: Test): Promise<{ url: string, stop: () => Promise<void>, start: () => Promise<void> }> {
  let app: Awaited<ReturnType<typeof buildApp>> | undefined
  let port = 0
  const stop = async (): Promise<void> => { await app?.close() }
  const start = async (): Promise<void> => {
    app = await buildApp({ port, discovery: 'off', meshHost: '127.0.0.1', shutdownTimeoutMs: 500 })
    port = await app.listener.listen()
  }
  t.teardown(stop)
  await start()
  return { url: `http://localhost:${port}`, stop, start }
}
