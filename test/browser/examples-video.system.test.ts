// The conference: two, three and four pages see each other, through one proxy and through two that are linked; real
// browsers, real WebRTC, no server between them.
import t from 'tap'
import type { Page } from 'playwright-core'
import { needsBrowser } from '../support/browser.ts'
import { enter, gather, meets, openExample, seesVideos } from '../support/examples.ts'
import { buildProxies, press } from '../support/pages.ts'

/** Whether the picture of the other one is black. */
const isDark = (page: Page, index: number) =>
  page.waitForFunction(
    index => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 })
      const context = canvas.getContext('2d')!
      context.drawImage(document.querySelectorAll('video')[index]!, 0, 0, 8, 8)
      return context.getImageData(0, 0, 8, 8).data.every((value, i) => i % 4 === 3 || value < 30)
    },
    index,
    { polling: 200 }
  )

for (const count of [1, 2] as const) {
  t.test(`two and three, through ${count === 1 ? 'one proxy' : 'two linked proxies'}`, needsBrowser, async t => {
    const proxies = await buildProxies(t, count)
    const [a, b] = (await gather(t, proxies, 'webrtc', 2)) as [Page, Page]
    for (const page of [a, b]) await seesVideos(page, 2)
    t.equal(await a.locator('#hint').textContent(), '')
    await press(a, a.getByRole('button', { name: 'Camera off' }), 'keyboard')
    await a.getByRole('button', { name: 'Camera on' }).waitFor()
    await isDark(b, 1)
    await press(a, a.getByRole('button', { name: 'Mute' }), 'pointer')
    await a.getByRole('button', { name: 'Unmute' }).waitFor()
    const c = await openExample(t, proxies, 'webrtc', 2)
    await enter(c, 2)
    for (const page of [a, b, c]) await seesVideos(page, 3)
    await press(b, b.getByRole('button', { name: 'Leave' }), 'keyboard')
    for (const page of [a, c]) await seesVideos(page, 2)
    await b.waitForFunction(() => document.querySelector('video') === null)
    await enter(b, 2)
    for (const page of [a, b, c]) await seesVideos(page, 3)
  })
}

t.test('four at most; without a camera a drawn picture', needsBrowser, async t => {
  const proxies = await buildProxies(t, 1)
  const pages = await Promise.all(Array.from({ length: 5 }, (_, i) => openExample(t, proxies, 'webrtc', i)))
  for (const page of pages) {
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))
    })
    const others = pages.indexOf(page)
    await enter(page, others)
    if (others < 4) for (const each of pages.slice(0, others + 1)) await seesVideos(each, others + 1)
  }
  const [a, , , d, e] = pages as [Page, Page, Page, Page, Page]
  await d.getByText('Four people are in this conference').waitFor()
  t.equal(await a.locator('video').count(), 4)
  await d.close()
  await meets(a, 3)
  await seesVideos(e, 4)
})
