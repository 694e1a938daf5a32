// Messages in the console: hostile text, ten thousand lines.
import t from 'tap'
import type { Page } from 'playwright-core'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser } from '../support/browser.ts'
import { joinChannel } from '../support/channel.ts'
import { button, join, line, panel, part, save, timeFrames } from '../support/console.ts'
import { HostileSender } from '../support/hostile-sender.ts'
import { inspectPage, press, visit } from '../support/pages.ts'

/** The page's whole id in the channel `room`. */
const ownId = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const answer: unknown = await (await fetch('/api/channels/room')).json()
    const { peers } = answer as { peers: { list: { id: string; words: string }[] } }
    const mine = document.querySelector('[data-part=state]')!.textContent.split('you are ')[1]!
    return peers.list.find(({ words }) => words === mine)!.id
  })

t.test('what others send is text, whatever it looks like', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  const evil = await joinChannel(t, ws, 'room')
  const nasty = [
    '<img src=x onerror="hacked=1">',
    '<script>hacked=1</script>',
    '</div></template><style>*{display:none}</style>',
    '\u202egnp.exe',
    'javascript:hacked=1',
    '{"file":{"name":"x","type":"y","size":1e99}}',
    '__proto__',
    '"><svg onload=hacked=1>',
    'z\u0335\u0322\u031b'.repeat(50)
  ]
  for (const data of nasty) {
    evil.send({ action: 'broadcast', data })
    evil.send({ action: 'message', target: await ownId(page), data: { html: data } })
  }
  const sender = await HostileSender.join(t, url, 'room')
  sender.offer({ paths: ['../../<b>evil\u202e</b>.html'], content: Buffer.from('<b>!') })
  evil.send(Buffer.concat([Buffer.from([3, 0]), Buffer.from('<script>hacked=1</script>')]))
  await line(page, 'binary, 25 bytes: 3c 73').waitFor()
  const text = await part(page, 'log').textContent()
  for (const data of nasty) t.ok(text?.includes(data), 'shown as it came')
  t.equal(await part(page, 'log').locator('img, script, style, svg, b').count(), 0)
  t.equal(await page.evaluate('globalThis.hacked'), undefined)
  const saved = await save(page, page.getByRole('button', { name: 'Save b_.html' }), 'pointer')
  t.strictSame([saved.name, saved.bytes.toString()], ['b_.html', '<b>!'])
  // Files that are not what was said. Without a dialog of the browser a large one goes into memory.
  await page.evaluate('globalThis.showSaveFilePicker = undefined')
  for (const [name, lie, words] of [
    ['seal', { seal: '0'.repeat(64) }, 'The file arrived damaged'],
    ['long', { listed: 5 }, 'The other end broke the rules'],
    ['huge', { offered: 2 ** 53 - 1 }, 'larger than the receiver allows']
  ] as const) {
    sender.offer({ paths: [name], ...lie })
    await button(page, `Save ${name}`).click()
    await line(page, new RegExp(`${name}, .*${words}`)).waitFor()
  }
  t.equal(sender.codes.length, 3, 'the sender is told')
  for (let index = 0; index < 2000; index++) sender.offer({ paths: ['again'] })
  await sender.refused(4)
  t.equal(sender.codes[3], 'NWS_CLIENT_FILE_TOO_MANY')
  await line(page, 'offers again').nth(15).waitFor()
  t.equal(await line(page, 'offers again').count(), 16)

  // Names and ids, if a proxy ever let such through.
  const name = '<img src=x onerror=hacked=1>'
  const other = await visit(t, url, {
    fakes: {
      channels: () => ({
        channels: [{ name, tag: name, scope: 'network', peers: { local: 1, remote: 0 }, messages: 1, bytes: 1 }]
      }),
      links: () => ({
        links: [
          {
            proxyId: name,
            address: name,
            role: 'initiator',
            state: 'open',
            since: '',
            channels: [name],
            messages: { in: 1, out: 1 },
            bytes: { in: 1, out: 1 }
          }
        ]
      })
    }
  })
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
    await page.waitForFunction(
      text => document.querySelector('.log > :last-child > :last-child')!.textContent.endsWith(text),
      `line ${to - 1} of many`
    )
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
  t.ok((await part(page, 'log').evaluate(list => list.scrollTop)) < 100)
  await press(page, part(page, 'unseen'), 'keyboard')
  await page.waitForFunction(AT_END)
  t.comment(
    `frames while it is filtered: ${(await Promise.all([timeFrames(page, 30), part(page, 'filter').fill('line 10999')]))[0]}`
  )
  await panel(page).locator('.block:not([hidden])').first().waitFor()
  t.equal(await panel(page).locator('.line:not([hidden])').count(), 1)
})

t.test('a log that is filtered is for everybody', needsBrowser, async t => {
  const { ws, url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, 'room')
  const sender = await joinChannel(t, ws, 'room')
  for (let n = 0; n < 100; n++) sender.send({ action: 'broadcast', data: `line ${n} of many` })
  await line(page, 'line 99 of many').waitFor()
  await part(page, 'filter').fill('line 50')
  await line(page, 'line 99 of many').waitFor({ state: 'hidden' })
  await inspectPage(t, page, 'console-filtered-1280-light')
})
