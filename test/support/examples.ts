// What one does on the example pages. Asserts nothing.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import type { TestApp } from './app.ts'
import { press, visit, write, type Hand, type Visitor } from './pages.ts'
import { freePort } from './ports.ts'

export const EXAMPLES = ['chat', 'whiteboard', 'notes', 'game', 'webrtc', 'pubsub'] as const
export type Example = (typeof EXAMPLES)[number]

/** Opens an example, at each proxy in turn. */
export function openExample(
  t: Test,
  proxies: readonly Pick<TestApp, 'url'>[],
  example: Example,
  index = 0,
  visitor: Visitor = {}
): Promise<Page> {
  return visit(t, `${proxies[index % proxies.length]!.url}/examples/${example}/`, visitor)
}

/** Joins the channel that the page suggests, or another. Resolves when the page knows of so many others. */
export async function enter(
  page: Page,
  others: number,
  { hand = 'pointer', channel }: { hand?: Hand; channel?: string } = {}
): Promise<void> {
  if (channel !== undefined) await write(page, page.getByRole('textbox', { name: 'Channel' }), hand, channel)
  await press(page, page.getByRole('button', { name: 'Join' }), hand)
  await meets(page, others)
}

/** Resolves when the page says that it is in its channel with so many others. */
export async function meets(page: Page, others: number): Promise<void> {
  await page
    .locator('#state')
    .getByText(
      others === 0
        ? 'Connected. Nobody else is here yet.'
        : others === 1
          ? 'Connected with one other.'
          : `Connected with ${others} others.`
    )
    .waitFor()
}

/** Opens an example in several pages and brings them together; the one at an odd place is used by keys. */
export async function gather(
  t: Test,
  proxies: readonly Pick<TestApp, 'url'>[],
  example: Example,
  count: number
): Promise<Page[]> {
  const pages = await Promise.all(Array.from({ length: count }, (_, i) => openExample(t, proxies, example, i)))
  for (const [i, page] of pages.entries()) await enter(page, i, { hand: i % 2 === 0 ? 'pointer' : 'keyboard' })
  for (const page of pages) await meets(page, count - 1)
  return pages
}

/** Resolves when the canvas of each page shows the same, but for the smoothing of edges; and something, or nothing where `blank`. */
export async function sameCanvas(pages: readonly Page[], blank = false): Promise<void> {
  for (;;) {
    const seen = await Promise.all(
      pages.map(page =>
        page.evaluate(async () => {
          await new Promise(requestAnimationFrame)
          const canvas = document.querySelector('canvas')!
          // Of a copy: a canvas that is often read changes the way in which it draws.
          const copy = Object.assign(document.createElement('canvas'), { width: 400, height: 250 }).getContext('2d', {
            willReadFrequently: true
          })!
          copy.imageSmoothingQuality = 'high'
          copy.drawImage(canvas, 0, 0, 400, 250)
          const { data } = copy.getImageData(0, 0, 400, 250)
          const cells = Array.from({ length: 40 * 25 * 4 }, () => 0)
          for (let i = 0; i < data.length; i++) {
            const pixel = i >> 2
            cells[(Math.trunc(pixel / 4000) * 40 + Math.trunc((pixel % 400) / 10)) * 4 + (i & 3)]! += data[i]! / 100
          }
          // As one text: a list of so many numbers takes the driver longer than the page.
          return String.fromCharCode(...cells)
        })
      )
    )
    const [first, ...others] = seen.map(text => Buffer.from(text, 'latin1')) as [Buffer, ...Buffer[]]
    const alike = others.every(cells => cells.every((value, i) => Math.abs(value - first[i]!) < 8))
    if (alike && first.some(value => value > 2) !== blank) return
  }
}

/** The text in the editor of the notes, without the names at the cursors. */
export async function notesOf(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const lines = document.querySelector('#editor')!.shadowRoot!.querySelectorAll('.cm-line')
    return Array.from(lines, line => {
      const copy = line.cloneNode(true) as Element
      for (const other of copy.querySelectorAll('.cm-ySelectionCaret, .cm-placeholder')) other.remove()
      return copy.textContent
    }).join('\n')
  })
}

/** Resolves when the notes of all pages are equal and match. */
export async function sameNotes(pages: readonly Page[], pattern: RegExp): Promise<void> {
  for (;;) {
    const [first, ...others] = await Promise.all(pages.map(notesOf))
    if (pattern.test(first!) && others.every(text => text === first)) return
    await pages[0]!.evaluate(async () => await new Promise(requestAnimationFrame))
  }
}

/** Resolves when a page shows so many pictures that move. */
export async function seesVideos(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    count => {
      const videos = [...document.querySelectorAll('video')]
      return videos.length === count && videos.every(video => video.videoWidth > 0 && video.currentTime > 0)
    },
    count,
    { polling: 100 }
  )
}

/**
 * Resolves when the score of the game says that the right side has missed the ball. The left one may have missed it too: a
 * paddle that leaves as the ball comes can send it anywhere.
 */
export async function rightHasMissed(page: Page): Promise<void> {
  await page.waitForFunction(() => /^[1-9]\d* : /.test(document.querySelector('#score')!.textContent))
}

/** A proxy that can be ended and started again at the same port. */
export async function startRestartable(
  t: Test
): Promise<{ url: string; stop: () => Promise<void>; start: () => Promise<void> }> {
  let app: Awaited<ReturnType<typeof buildApp>> | undefined
  let port = await freePort()
  const stop = async (): Promise<void> => {
    await app?.close()
  }
  const start = async (): Promise<void> => {
    app = await buildApp({ port, discovery: 'off', meshHost: '127.0.0.1', shutdownTimeoutMs: 500 })
    port = await app.listener.listen()
  }
  t.teardown(stop)
  await start()
  return { url: `http://localhost:${port}`, stop, start }
}
