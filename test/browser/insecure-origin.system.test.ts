// The pages at an address that is no secure context, as phones get them: http and not localhost. Browsers lack
// crypto.randomUUID, crypto.subtle, the clipboard and the camera there.
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp, type TestApp } from '../support/app.ts'
import { INSECURE_HOST, needsBrowser } from '../support/browser.ts'
import { join, line, part, say } from '../support/console.ts'
import { enter, EXAMPLES, meets, openExample, sameCanvas } from '../support/examples.ts'
import { visit } from '../support/pages.ts'

async function startProxy(t: Test): Promise<{ readonly near: TestApp; readonly far: Pick<TestApp, 'url'> }> {
  const near = await buildTestApp(t, { allowedHosts: [INSECURE_HOST] })
  return { near, far: { url: near.url.replace('localhost', INSECURE_HOST) } }
}

t.test('the console joins, sends and is written to', needsBrowser, async t => {
  const { near, far } = await startProxy(t)
  const phone = await visit(t, far.url, { width: 390, height: 844 })
  const warnings: string[] = []
  phone.on('console', message => warnings.push(message.text()))
  await phone.reload()
  t.strictSame(
    warnings.filter(text => text.includes('Opener-Policy')),
    []
  )
  t.equal(await phone.evaluate('isSecureContext'), false)
  const desk = await visit(t, near.url)
  await join(desk, 'room')
  await join(phone, 'room')
  await line(desk, 'is here').waitFor()
  await say(phone, 'from the phone')
  await line(desk, 'from the phone').waitFor()
  await desk.locator('button.peer').click()
  await say(desk, 'for the phone')
  await line(phone, 'for the phone').waitFor()

  const invited = await visit(t, `${far.url}/console#join=other`)
  await invited.getByRole('button', { name: 'Join it' }).click()
  await line(invited, 'Joined.').waitFor()
  await part(invited, 'text').waitFor()
})

t.test('every example joins, and the whiteboard draws', needsBrowser, async t => {
  const { near, far } = await startProxy(t)
  for (const example of EXAMPLES) {
    const pages = [await openExample(t, [far], example), await openExample(t, [near], example)] as [Page, Page]
    await enter(pages[0], 0)
    await enter(pages[1], 1)
    await meets(pages[0], 1)
    if (example !== 'whiteboard') continue
    await pages[0].locator('#board').click({ position: { x: 60, y: 60 } })
    await sameCanvas(pages)
  }
})

t.test('the video example says where the camera is allowed', needsBrowser, async t => {
  const { far } = await startProxy(t)
  const page = await openExample(t, [far], 'webrtc')
  await enter(page, 0)
  await page.getByText('Browsers allow the camera only on https pages').first().waitFor()
})
