// Pages in the back/forward cache of the browser: they are no peers there, and they come back as peers.
import t from 'tap'
import { chromium } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, servePages } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { findProgram } from '../support/needs.ts'

t.test('a page leaves when it goes into the cache, and joins when it comes back', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const origin = await servePages(t, {
    '/': `<!doctype html><title>a</title><script type="module">
      import { NetworkWebSocket } from '${url}/lib/networkwebsockets.js'
      globalThis.steady = new NetworkWebSocket('steady', { endpoint: '${ws}', reconnect: true })
      globalThis.plain = new NetworkWebSocket('plain', { endpoint: '${ws}' })
      plain.onclose = ({ code }) => { globalThis.endedWith = code }
      globalThis.visit = 1
      // The page may speak until it goes.
      addEventListener('pagehide', () => steady.send('goodbye'))
    </script>`,
    '/other': '<!doctype html><title>b</title>'
  })
  // Playwright turns the cache off.
  const browser = await chromium.launch({
    executablePath: findProgram('chromium')!,
    args: ['--no-sandbox', '--disable-gpu'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    timeout: 120_000
  })
  t.teardown(() => browser.close())
  const [steady, plain] = [await joinChannel(t, ws, 'steady'), await joinChannel(t, ws, 'plain')]
  const page = await browser.newPage()
  await page.goto(origin)
  const { target: first } = await steady.nextOf('connect')
  const { target: other } = await plain.nextOf('connect')
  await page.evaluate('visit = 2')
  await page.goto(`${origin}/other`)
  t.match(await steady.nextOf('broadcast'), { source: first, data: 'goodbye' })
  t.match(await steady.nextOf('disconnect'), { target: first })
  t.match(await plain.nextOf('disconnect'), { target: other })

  await page.goBack({ waitUntil: 'commit' }) // A page from the cache does not load again.
  const { target: second } = await steady.nextOf('connect')
  t.not(second, first)
  t.equal(await page.evaluate('visit'), 2, 'the same page, not a new one')
  await page.waitForFunction('steady.readyState === 1 && globalThis.endedWith === 1006')
})
