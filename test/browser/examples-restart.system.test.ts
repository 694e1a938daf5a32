// The examples over a restart of the proxy: they come back by themselves, with their contents.
import t from 'tap'
import type { Page } from 'playwright-core'
import { needsBrowser } from '../support/browser.ts'
import {
  gather,
  meets,
  rightHasMissed,
  sameCanvas,
  seesVideos,
  sameNotes,
  startRestartable,
  type Example
} from '../support/examples.ts'

/** What two pages do before, while the proxy is away, and after. */
const CASES: Readonly<
  Record<
    Example,
    {
      before?: (a: Page, b: Page) => Promise<void>
      away?: (a: Page, b: Page) => Promise<void>
      after: (a: Page, b: Page) => Promise<void>
    }
  >
> = {
  chat: {
    async before(a, b) {
      await a.getByLabel('Your name').fill('Ada')
      await a.getByLabel('Your name').blur()
      await b.locator('#people', { hasText: 'Ada' }).waitFor()
    },
    async after(a, b) {
      await b.locator('#people', { hasText: 'Ada' }).waitFor()
      await a.locator('#text').fill('Here again')
      await a.keyboard.press('Enter')
      await b.locator('#messages p', { hasText: /^AdaHere again$/ }).waitFor()
    }
  },
  pubsub: {
    async before(a, b) {
      await a.locator('#topics li', { hasText: 'weather' }).getByRole('checkbox').check()
      await b.locator('#topics li', { hasText: 'weather' }).getByText('one other subscriber').waitFor()
    },
    async after(a, b) {
      await b.locator('#topics li', { hasText: 'weather' }).getByText('one other subscriber').waitFor()
      await b.getByRole('button', { name: 'Publish' }).click()
      await a.locator('#received', { hasText: 'sunny' }).waitFor()
    }
  },
  whiteboard: {
    async away(a) {
      // Strokes of the meantime are not lost.
      await a.locator('#board').focus()
      for (const key of [' ', 'ArrowRight', 'ArrowRight', ' ']) await a.keyboard.press(key)
    },
    after: async (a, b) => await sameCanvas([a, b])
  },
  notes: {
    async before(a, b) {
      await a.locator('.cm-content').click()
      await a.keyboard.type('before')
      await sameNotes([a, b], /^before$/)
    },
    async away(a, b) {
      // What both write in the meantime is not lost.
      for (const [page, text] of [
        [a, ', first'],
        [b, ', second']
      ] as const) {
        await page.locator('.cm-content').click()
        await page.keyboard.press('ControlOrMeta+End')
        await page.keyboard.type(text)
      }
    },
    async after(a, b) {
      await sameNotes([a, b], /^before(?:, first, second|, second, first)$/)
    }
  },
  game: {
    async before(a, b) {
      await a.getByRole('button', { name: 'Sit left' }).click()
      await b.getByRole('button', { name: 'Sit right' }).click()
      for (const page of [a, b]) await page.getByText('Your paddle is the blue one').waitFor()
    },
    async after(a, b) {
      for (const page of [a, b]) await page.getByText('Your paddle is the blue one').waitFor()
      await b.locator('#field').focus()
      const seen = Promise.all([a, b].map(rightHasMissed))
      await b.keyboard.down('ArrowDown')
      await seen
    }
  },
  webrtc: {
    before: async (a, b) => {
      for (const page of [a, b]) await seesVideos(page, 2)
    },
    after: async (a, b) => {
      for (const page of [a, b]) await seesVideos(page, 2)
    }
  }
}

for (const [example, { before, away, after }] of Object.entries(CASES)) {
  t.test(example, needsBrowser, async t => {
    const proxy = await startRestartable(t)
    const pages = await gather(t, [proxy], example as Example, 2)
    const [a, b] = pages as [Page, Page]
    await before?.(a, b)
    await proxy.stop()
    for (const page of pages) await page.getByText(/^The connection is lost since .+\. Trying again …$/).waitFor()
    await away?.(a, b)
    await proxy.start()
    for (const page of pages) await meets(page, 1)
    await after(a, b)
  })
}
