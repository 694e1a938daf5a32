// What the console shows and how: hostile text, ten thousand lines, all widths and colours, QR codes. Pictures are kept
// under artefacts/ for people to judge.
import { createRequire } from 'node:module'
import type jsqr from 'jsqr'
import t from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { button, join, line, panel, part, save, say, tab, timeFrames } from '../support/console.ts'
import { inspectPage, press, visit } from '../support/pages.ts'

// Its types are those of another module system.
const jsQR = createRequire(import.meta.url)('jsqr') as typeof jsqr.default

/** The page's whole id in the channel `room`. */
const ownId = (page: Page): Promise<string> => page.evaluate(async () => {
  const { peers } = await (await fetch('/api/channels/room')).json() as { peers: { list: { id: string }[] } }
  const mine = document.querySelector('[data-part=state]')!.textContent.split('you are ')[1]!
  return peers.list.find(({ id }) => id.startsWith(mine))!.id
})

t.test('what others send is text, whatever it looks like', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  const evil = await joinChannel(t, ws, 'room')
  const nasty = ['<img src=x onerror="hacked=1">', '<script>hacked=1</script>', '</div></template><style>*{display:none}</style>', '\u202egnp.exe', 'javascript:hacked=1', '{"file":{"name":"x","type":"y","size":1e99}}', '__proto__', '"><svg onload=hacked=1>', 'z\u0335\u0322\u031b'.repeat(50)]
  for (const data of nasty) {
    evil.send({ action: 'broadcast', data })
    evil.send({ action: 'message', target: await ownId(page), data: { html: data } })
  }
  evil.send({ action: 'broadcast', data: JSON.stringify({ file: { name: '../../<b>evil\u202e</b>.html', type: 'text/html', size: 4 } }) })
  evil.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from('<b>!')]))
  evil.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from('<script>hacked=1</script>')]))
  await line(page, 'binary, 25 bytes: 3c 73').waitFor()
  const text = await part(page, 'log').textContent()
  for (const data of nasty) t.ok(text?.includes(data), 'shown as it came')
  t.equal(await part(page, 'log').locator('img, script, style, svg, b').count(), 0)
  t.equal(await page.evaluate('globalThis.hacked'), undefined)
  const saved = await save(page, page.getByRole('button', { name: 'Save b>.html' }), 'pointer')
  t.strictSame([saved.name.includes('..'), saved.bytes.toString()], [false, '<b>!'])
  // A file that is never complete, and one that is given up.
  evil.send({ action: 'broadcast', data: JSON.stringify({ file: { name: 'half', type: '', size: 10 } }) })
  evil.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from('12345')]))
  await line(page, 'half, 10 bytes: 50 % here').waitFor()
  evil.socket.close()
  await line(page, 'half: did not arrive to its end').waitFor()

  // Names and ids, if a proxy ever let such through.
  const name = '<img src=x onerror=hacked=1>'
  const other = await visit(t, url, { fakes: {
    channels: () => ({ channels: [{ name, tag: name, scope: 'network', peers: { local: 1, remote: 0 }, messages: 1, bytes: 1 }] }),
    links: () => ({ links: [{ proxyId: name, address: name, role: 'initiator', state: 'open', since: '', channels: [name], messages: { in: 1, out: 1 }, bytes: { in: 1, out: 1 } }] })
  } })
  await other.locator('#open-list').getByText(name).waitFor()
  await other.getByText('Links and channels as lists').click()
  await other.locator('#open-channels').getByText(name).waitFor()
  await other.locator('#picture .node').first().waitFor()
  t.equal(await other.locator('main img').count(), 0)
  t.equal(await other.evaluate('globalThis.hacked'), undefined)
})

/** Whether the end of the log is in sight. */
const AT_END = `(list => list.scrollTop + list.clientHeight > list.scrollHeight - 30)(document.querySelector('[data-part=log]'))`

t.test('ten thousand lines', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  const sender = await joinChannel(t, ws, 'room')
  const burst = async (from: number, to: number) => {
    for (let n = from; n < to; n++) sender.send({ action: 'broadcast', data: `line ${n} of many` })
    await page.waitForFunction(text => document.querySelector('.log > :last-child > :last-child')!.textContent.endsWith(text), `line ${to - 1} of many`)
  }
  await burst(0, 10_000)
  await panel(page).getByText('10,000 lines').waitFor()
  t.equal(await line(page, 'Joined.').count(), 0, 'the oldest have gone')
  await page.waitForFunction(AT_END)
  t.comment(`frames while 1000 lines come: ${(await Promise.all([timeFrames(page, 30), burst(10_000, 11_000)]))[0]}`)
  await page.waitForFunction(() => document.querySelectorAll('.panel:not([hidden]) .line').length === 10_000)
  // Who reads further up is not torn away.
  await part(page, 'log').focus()
  await page.keyboard.press('Home')
  await page.waitForFunction(() => document.querySelector('[data-part=log]')!.scrollTop === 0)
  sender.send({ action: 'broadcast', data: 'the newest' })
  await panel(page).getByRole('button', { name: '↓ 1 new line' }).waitFor()
  t.ok(await part(page, 'log').evaluate(list => list.scrollTop) < 100)
  await press(page, part(page, 'unseen'), 'keyboard')
  await page.waitForFunction(AT_END)
  t.comment(`frames while it is filtered: ${(await Promise.all([timeFrames(page, 30), part(page, 'filter').fill('line 10999')]))[0]}`)
  await panel(page).locator('.block:not([hidden])').first().waitFor()
  t.equal(await panel(page).locator('.line:not([hidden])').count(), 1)
  await inspectPage(t, page, 'console-filtered-1280-light')
})

t.test('for everybody: at any width, light and dark, with a screen reader', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const others = await Promise.all(['webchat', 'webchat', 'scores'].map(name => joinChannel(t, ws, name)))
  for (const [width, dark] of [[1280, false], [1280, true], [360, false], [360, true]] as const) {
    const at = `${width}-${dark ? 'dark' : 'light'}`
    const page = await visit(t, url, { width, dark })
    await page.locator('#picture .node.channel').first().waitFor()
    await page.locator('#examples-card').waitFor()
    await inspectPage(t, page, `console-start-${at}`)
    await button(page, 'Make a private channel …').click()
    await inspectPage(t, page, `console-private-${at}`)
    await page.keyboard.press('Escape')
    await join(page, 'webchat')
    others[0]!.send({ action: 'broadcast', data: 'Dinner is ready' })
    others[1]!.send({ action: 'broadcast', data: { lamp: 'kitchen', on: true, level: 0.8 } })
    await line(page, 'kitchen').waitFor()
    await panel(page).locator('[data-part=spoken]', { hasText: /is here|Dinner|kitchen/ }).waitFor({ state: 'attached' })
    await part(page, 'peers').getByRole('button').first().click()
    await say(page, 'Coming!')
    await join(page, 'kitchen.timer', { local: true })
    await tab(page, 'webchat').click()
    await part(page, 'peers').getByText('this computer').first().waitFor()
    await inspectPage(t, page, `console-busy-${at}`)
    t.equal(await page.title(), 'Network Web Sockets', 'no name in the title')
  }
})

/** `nws` at level M with mask 2, made by another encoder. */
const VERSION_1 = [
  '111111100110001111111',
  '100000100101101000001',
  '101110101001101011101',
  '101110101101101011101',
  '101110101100101011101',
  '100000101111001000001',
  '111111101010101111111',
  '000000001010000000000',
  '101111100001001111100',
  '101010010001111001111',
  '010010100000101101010',
  '100011010001111001101',
  '101010111000100101011',
  '000000001110100100101',
  '111111100011010011010',
  '100000101010000110111',
  '101110101111010010100',
  '101110101111111001000',
  '101110101100101100000',
  '100000100001111001000',
  '111111101100100100110'
]

t.test('QR codes are those of the standard', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  const rows = (text: string, mask?: number) => page.evaluate(`import('/console/qr.js').then(({ qrCode }) => qrCode(${JSON.stringify(text)}, ${mask}).map(row => row.map(Number).join('')))`) as Promise<string[]>
  t.strictSame(await rows('nws', 2), VERSION_1)
  for (const [length, size] of [[14, 21], [15, 25], [122, 45], [180, 53], [412, 77]] as const) t.equal((await rows('a'.repeat(length))).length, size, `${length} bytes`)
  await t.rejects(rows('a'.repeat(413)))
})

/** What another program reads from the QR code of the dialog. */
async function readCode (page: Page): Promise<string | undefined> {
  const pixels = await page.locator('#share-code svg').evaluate(async svg => {
    const image = new Image()
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: 600, height: 600 })
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0, 600, 600)
    return [...context.getImageData(0, 0, 600, 600).data]
  })
  return jsQR(Uint8ClampedArray.from(pixels), 600, 600)?.data
}

t.test('another program reads the link from the code', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  for (const name of ['new', 'a', `${'long.name-'.repeat(25)}55555`]) {
    if (name === 'new') {
      await button(page, 'Make a private channel …').click()
    } else {
      await join(page, name)
      await press(page, part(page, 'share'), 'pointer')
    }
    const link = await page.locator('#share-link').textContent()
    t.equal(await readCode(page), link)
    t.match(link, name === 'new' ? /#join=[a-z2-7]{32}$/ : `#join=${name}`)
    await page.getByRole('button', { name: 'Close' }).click()
  }
})

t.test('where the settings let phones in, the code holds the address in the network', needsBrowser, async t => {
  const { url, port } = await buildTestApp(t, { host: '0.0.0.0', apiToken: 'the-token-of-this-test', allowedHosts: ['pc.lan'] })
  const page = await visit(t, url)
  await button(page, 'Make a private channel …').click()
  const dialog = page.getByRole('dialog', { name: 'A private channel' })
  const name = await page.locator('#share-name').textContent()
  t.equal(await readCode(page), `${url}/console#join=${name}`, 'not before the token says that one may know')
  t.equal(await page.locator('#share-lan').isVisible(), false)
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.locator('#token').fill('the-token-of-this-test')
  await page.locator('#token').press('Enter')
  await button(page, 'Make a private channel …').click()
  await page.locator('#share-lan').waitFor() // Comes with the next answer of the API.
  const shown = `http://pc.lan:${port}/console#join=${await page.locator('#share-name').textContent()}`
  t.equal(await page.locator('#share-lan-link').textContent(), shown)
  t.equal(await readCode(page), shown)
  t.equal(await page.locator('#share-link').textContent(), `${url}/console#join=${await page.locator('#share-name').textContent()}`, 'the link for computers is as ever')
  await inspectPage(t, page, 'console-phones-1280-light')
})
