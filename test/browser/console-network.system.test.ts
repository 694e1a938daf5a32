// The console and its surroundings: two proxies, a proxy that goes and comes back, discovery, the token, the picture of
// a large network. Not what one does in a channel (console.test.ts).
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { friendlyWords } from '../../src/core/friendly-words.ts'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { attach, button, copied, join, line, panel, part, save, say, tab, timeFrames } from '../support/console.ts'
import { buildProxies, inspectPage, keepPicture, press, tabTo, visit } from '../support/pages.ts'
import { freePort } from '../support/ports.ts'

t.test('between two machines: peers with their proxy, direct messages, files, the picture', needsBrowser, async t => {
  const [first, second] = await buildProxies(t, 2, { dataDir: ':memory:' })
  const [a, b] = await Promise.all([visit(t, first!.url), visit(t, second!.url, { dark: true })])
  const [idA, idB] = [await join(a, 'house.lights'), await join(b, 'house.lights')]
  const proxy = friendlyWords(second!.app.crypto.proxyId.text)
  await line(a, `${idB}is here`).waitFor()
  await line(b, `${idA}is here`).waitFor()
  await part(a, 'peers').getByText(`other proxy ${proxy}`).waitFor()
  await say(a, 'over the network')
  await line(b, `${idA}over the network`).waitFor()
  await part(b, 'peers').getByRole('button').click()
  await say(b, 'back to you alone')
  await line(a, `${idB} → youback to you alone`).waitFor()
  const bytes = Buffer.alloc(300_000, 'nws')
  await attach(b, 'pointer', 'photo.png', bytes)
  t.ok((await save(a, a.getByRole('button', { name: 'Save photo.png' }), 'pointer')).bytes.equals(bytes))

  const picture = a.locator('#picture svg')
  await picture.locator('.node.proxy', { hasText: proxy }).waitFor()
  await picture.locator('.node.channel.joined', { hasText: 'house.lights' }).waitFor()
  await a.locator('#picture svg[aria-label*="1 link to other proxies, 1 of them with shared channels"]').waitFor()
  await picture.locator('.node.proxy').hover()
  await a
    .locator('#picture-words', {
      hasText: new RegExp(`^Proxy ${proxy}: 127\\.0\\.0\\.1:\\d+, has dialled this one.*1 shared channel`)
    })
    .waitFor()
  await picture.locator('.above .node').nth(1).waitFor()
  t.equal(await picture.locator('.above .node').count(), 2, 'the link and the channel on it are raised')
  await a.getByText('Links and channels as lists').click()
  await a.locator('#links').getByText(proxy).waitFor()
  await picture.locator('.nodes .node.proxy').click()
  const link = a.locator('#link-card')
  await link.getByRole('heading', { name: `Proxy ${proxy}` }).waitFor()
  await link.locator('dl div', { hasText: /^Continued after a breaknever$/ }).waitFor()
  await link.locator('dl div', { hasText: /^Received\d+ messages, [\d.]+ kB$/ }).waitFor()
  await link.getByRole('button', { name: 'house.lights' }).waitFor()
  await inspectPage(t, a, 'console-link-1280-light')
  await a.keyboard.press('Escape')
  await link.waitFor({ state: 'hidden' })

  // Messages run along the lines, but not for users who want less motion.
  t.equal(await picture.locator('.dots circle').count(), 0)
  await a.emulateMedia({ reducedMotion: 'no-preference' })
  const moves = a.evaluate(
    () =>
      new Promise<void>(resolve => {
        new MutationObserver(() => resolve()).observe(document.querySelector('.dots')!, { childList: true })
      })
  )
  await say(b, 'on its way')
  await moves

  // One computer gets a name, which the other shows.
  await a.locator('#own', { hasText: friendlyWords(first!.app.crypto.proxyId.text) }).waitFor()
  await press(a, button(a, 'Give it a name …'), 'keyboard')
  await a.keyboard.type('Kitchen')
  await a.keyboard.press('Enter')
  await a.locator('#own', { hasText: 'This computer is Kitchen' }).waitFor()
  await part(b, 'peers').getByText('Kitchen').waitFor()
  await b.locator('#picture .node.proxy', { hasText: 'Kitchen' }).waitFor()
  const card = part(b, 'peers').locator('li')
  await card.locator('summary').click()
  await card.getByText(`Kitchen (${friendlyWords(first!.app.crypto.proxyId.text)})`).waitFor()
  await card.getByText(/^\d+ messages?, \d/).waitFor()
  await inspectPage(t, b, 'console-peer-details-dark')

  await join(b, 'only.there')
  await Promise.all([a.locator('#facts').getByText('Messages per second').waitFor(), tab(b, 'house.lights').click()])
  await keepPicture(a, 'console-two-machines-1280-light')
  await keepPicture(b, 'console-two-machines-1280-dark')
})

t.test('comes back when the proxy does', needsBrowser, async t => {
  const start = async (port: number) => {
    const app = await buildApp({ port, discovery: 'off', meshHost: '127.0.0.1', shutdownTimeoutMs: 500 })
    t.teardown(() => app.close())
    return { app, port: await app.listener.listen() }
  }
  const { app, port } = await start(await freePort())
  const url = `http://localhost:${port}`
  const pages = await Promise.all([visit(t, url), visit(t, url)])
  const [a, b] = pages
  for (const page of pages) await join(page, 'room')
  await line(a, 'is here').waitFor()
  await app.close()
  for (const page of pages) {
    await line(page, 'The connection is lost. Trying again …').waitFor()
    await page.getByText('The proxy does not answer. Trying again …').waitFor()
    t.ok(await part(page, 'text').isDisabled())
  }
  await start(port)
  for (const page of pages) {
    await line(page, 'Joined.').nth(1).waitFor()
    await page.getByText(/^The proxy is running/).waitFor()
    await panel(page).getByText('1 other peer').waitFor()
  }
  await say(a, 'here again')
  await line(b, 'here again').waitFor()
})

t.test('asks for the token once, and keeps it in memory', needsBrowser, async t => {
  const { url } = await buildTestApp(t, { apiToken: 'the-token-of-this-test' })
  const page = await visit(t, url)
  const form = page.getByRole('form', { name: 'This proxy asks for its token' })
  await form.waitFor()
  t.ok(await page.locator('#picture').isHidden())
  await inspectPage(t, page, 'console-token-1280-light')
  await press(page, form.getByRole('button', { name: 'Not now' }), 'keyboard')
  await join(page, 'room')
  t.notOk(await form.isVisible(), 'channels work without, and it does not ask again')
  await press(page, button(page, 'Enter the token to see more …'), 'keyboard')
  await page.keyboard.insertText('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('That is not the token of this proxy.').waitFor()
  await page.locator('#token').fill('the-token-of-this-test')
  await page.keyboard.press('Enter')
  await page.locator('#picture .node.channel', { hasText: 'room' }).waitFor()
  t.notOk(await form.isVisible())
  t.strictSame(
    await page.evaluate(() => [
      localStorage.length,
      sessionStorage.length,
      document.cookie,
      location.href.includes('token'),
      document.documentElement.outerHTML.includes('the-token')
    ]),
    [0, 0, '', false, false]
  )
  await page.reload()
  await form.waitFor()
})

t.test('says what discovery does, and what helps where it does not work', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const health =
    (state: string, interfaces: string[] = []) =>
    () => ({
      status: 'ok',
      version: '1',
      uptimeSeconds: 5,
      proxyId: 'x',
      channels: 0,
      peers: 0,
      discovery: { state, interfaces },
      mesh: { port: 40123, links: 0 }
    })
  for (const [state, words, hint] of [
    ['ok', 'Finds other proxies on wlan0', ''],
    ['starting', 'Looking for other proxies …', ''],
    ['off', 'Does not look for other proxies (NWS_DISCOVERY=off)', ''],
    ['no multicast', 'Cannot look for other proxies', 'neither send nor receive it'],
    ['own advertisement not seen', 'Other proxies may not find this one', 'UDP port 5353']
  ] as const) {
    const page = await visit(t, url, {
      width: state === 'no multicast' ? 360 : 1280,
      fakes: {
        health: health(state, state === 'ok' ? ['wlan0'] : []),
        doctor: () => ({
          findings: [
            { level: 'ok', check: 'interfaces', text: 'wlan0 192.168.1.20' },
            {
              level: 'problem',
              check: 'multicast on wlan0',
              code: 'firewall-5353',
              text: 'silent',
              remedy: 'Allow it.'
            },
            { level: 'note', check: 'other proxies', code: 'no-others', text: 'none is heard', remedy: 'Look there.' }
          ]
        })
      }
    })
    await page.locator('#discovery-state', { hasText: words }).waitFor()
    const notice = page.locator('#discovery-hint')
    t.equal(await notice.isVisible(), hint !== '', state)
    if (state === 'ok') {
      // All is well, but no other computer is there: the checklist says what was measured, and what to look at.
      const list = page.locator('#nobody-list li')
      await list.nth(3).waitFor()
      t.strictSame(await list.allTextContents(), [
        '✓ interfaces: wlan0 192.168.1.20',
        '✗ multicast on wlan0, a problem: silent. Allow it.',
        '? same network: Is the other computer in the same network? This one is at wlan0 192.168.1.20.',
        '? guest Wi-Fi: Is one of the two in a guest Wi-Fi? It keeps devices apart.'
      ])
      await page.getByText('npm ci && npm start').waitFor()
      await inspectPage(t, page, 'console-nobody')
    }
    if (hint === '') continue
    t.match(await notice.textContent(), hint)
    await press(page, notice.getByRole('button', { name: 'Copy' }), 'keyboard')
    await notice.getByText('Copied').waitFor()
    t.match(await copied(page), /^NWS_PEERS=<address of this computer>:40123 npm start$/)
    await inspectPage(t, page, `console-${state.replaceAll(' ', '-')}`)
  }
})

/** The answer of the API of a proxy with many links and channels. */
function fakeMesh(links: number, channels: number) {
  let asked = 0
  const proxyId = (i: number): string =>
    `${'abcdefghijklmnopqrstuvwxyz234567'[(i * 7) % 32]}${'qwertzuiopasdfghjklyxcvbnm765432'[(i * 13) % 32]}${i}proxyproxy`
  const room = (i: number): string => `room-${i}.${['light', 'chat', 'score'][i % 3]}`
  return {
    health: () => ({
      status: 'ok',
      version: '0.1.0',
      uptimeSeconds: 7300 + asked++,
      proxyId: 'self',
      channels,
      peers: channels * 3,
      discovery: { state: 'ok', interfaces: ['wlan0'] },
      mesh: { port: 40123, links }
    }),
    channels: () => ({
      channels: Array.from({ length: channels }, (_, i) => ({
        name: room(i),
        tag: `t${i}`,
        scope: 'network',
        peers: { local: 1 + (i % 3), remote: i % 5 },
        messages: asked * (i % 7) * 3,
        bytes: asked * 1000
      }))
    }),
    links: () => ({
      links: Array.from({ length: links }, (_, i) => ({
        proxyId: proxyId(i),
        address: `192.168.1.${i + 10} 41000`,
        role: i % 2 === 0 ? 'initiator' : 'responder',
        state: i % 17 === 0 ? 'opening' : 'open',
        since: new Date(0).toISOString(),
        resumptions: i % 3,
        channels: Array.from({ length: channels }, (_, c) => c)
          .filter(c => (c * 7 + i * 3) % 11 === 0)
          .map(room),
        rttMs: 1.5 + i,
        messages: { in: asked * i, out: asked },
        bytes: { in: asked * 1000, out: asked * 100 }
      }))
    })
  }
}

t.test('the picture with 50 links and 200 channels', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url, { fakes: fakeMesh(50, 200) })
  await page.locator('#picture .node.channel').nth(199).waitFor({ state: 'attached' })
  t.equal(await page.locator('#picture .nodes .node.proxy').count(), 50)
  t.match(
    await page.locator('#picture svg').getAttribute('aria-label'),
    '50 links to other proxies, 50 of them with shared channels, and 200 open channels'
  )
  t.comment(`frames while it changes every second: ${await timeFrames(page, 30)}`)
  await page
    .locator('#facts dd')
    .first()
    .getByText(/^[1-9][\d,]*$/)
    .waitFor()
  // By keys: the lists beside it, each of them one stop of the Tab key.
  await page.getByText('Links and channels as lists').focus()
  await page.keyboard.press('Enter')
  await page.locator('#open-channels li').nth(199).waitFor({ state: 'attached' })
  await tabTo(page, page.locator('#open-channels button').first())
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  t.equal(await page.evaluate(() => document.activeElement?.textContent), 'room-199.chat')
  await page.locator('#picture .above .node.channel[data-key="network room-199.chat"]').waitFor({ state: 'attached' })
  await inspectPage(t, page, 'console-mesh-1280-light')
  await page.locator('#search').fill('ROOM-199')
  await page.getByText('1 of 250').waitFor()
  t.equal(await page.locator('#picture .nodes .node.found').count(), 1)
  await page.locator('#open-channels li').nth(1).waitFor({ state: 'detached' })
  await page.locator('#open-channels button').focus()
  await page.keyboard.press('Enter')
  await line(page, 'Joined.').waitFor()
  for (const [width, dark] of [
    [1280, true],
    [360, false],
    [360, true]
  ] as const) {
    const other = await visit(t, url, { width, dark, fakes: fakeMesh(50, 200) })
    await other.locator('#picture .node.channel').nth(199).waitFor({ state: 'attached' })
    await keepPicture(other, `console-mesh-${width}-${dark ? 'dark' : 'light'}`)
  }
})

t.test('without examples there are no links to them', needsBrowser, async t => {
  const { url } = await buildTestApp(t, { examples: 'off' })
  const page = await visit(t, url)
  const answered = page.waitForResponse(`${url}/examples/`)
  await page.reload()
  t.equal((await answered).status(), 404)
  await page.locator('#facts dd').first().waitFor()
  t.equal(await page.getByRole('link', { name: /Chat|Examples/ }).count(), 0)
})
