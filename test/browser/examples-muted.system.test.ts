// The conference keeps what its user has switched off.
import t from 'tap'
import { needsBrowser } from '../support/browser.ts'
import { enter, openExample } from '../support/examples.ts'
import { buildProxies, press } from '../support/pages.ts'

t.test('who has switched the camera and the microphone off stays off at the next join', needsBrowser, async t => {
  const page = await openExample(t, await buildProxies(t, 1), 'webrtc')
  const enabled = () =>
    page.evaluate(() =>
      (document.querySelector('video')!.srcObject as MediaStream).getTracks().map(({ enabled }) => enabled)
    )
  await enter(page, 0)
  t.strictSame(await enabled(), [true, true])
  await press(page, page.getByRole('button', { name: 'Camera off' }), 'pointer')
  await press(page, page.getByRole('button', { name: 'Mute' }), 'pointer')
  await press(page, page.getByRole('button', { name: 'Leave' }), 'pointer')
  await enter(page, 0)
  t.strictSame(await enabled(), [false, false])
  await page.getByRole('button', { name: 'Camera on' }).waitFor()
})
