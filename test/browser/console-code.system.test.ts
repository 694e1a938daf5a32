// "Use it in code" in the console: each piece of code, copied as it stands, takes part in the channel.
import { spawn, type ChildProcess } from 'node:child_process'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser } from '../support/browser.ts'
import { NWS } from '../support/cli.ts'
import { copied, join, joinRaw, line, part } from '../support/console.ts'
import { inspectPage, press, visit } from '../support/pages.ts'

const NAME = 'room+1=a*_.b'

t.test('the code of a channel works as it is copied', needsBrowser, async t => {
  const { url } = await buildTestApp(t)
  const page = await visit(t, url)
  await join(page, NAME)
  await press(page, part(page, 'use').locator('summary'), 'keyboard')
  await inspectPage(t, page, 'console-code')
  const take = async (title: string): Promise<string> => {
    await page.getByRole('button', { name: `Copy: ${title}` }).click()
    return await copied(page)
  }
  const plain = await take('A page, or a program in Node.js 22 and later')
  const library = await take('A page with the library: peers, reconnecting, files')
  const [publish, listen] = (await take('A shell, with curl')).split('\n') as [string, string]
  const [send, hear] = (await take('A shell, with the command')).split('\n') as [string, string]
  t.match(await take('Python, with the package websockets'), `'${url.replace('http', 'ws')}/${NAME}'`)
  const heard = line(page, 'Hello')

  // The page's own origin, as an author's page has one.
  const pages = await servePages(t, { '/plain': `<script>${plain}</script>`, '/library': library })
  const browser = await sharedBrowser()
  const first = await openPage(t, browser, `${pages}/plain`)
  await heard.nth(0).waitFor()
  await openPage(t, browser, `${pages}/library`)
  await first.said('{action: broadcast')
  await heard.nth(1).waitFor()

  const end = (child: ChildProcess) => new Promise(resolve => child.once('exit', resolve))
  // The command is the one of this build.
  const shell = (code: string) => {
    const child = spawn('bash', ['-c', `nws() { "${process.execPath}" "${NWS}" "$@"; }\n${code}`], { detached: true })
    t.teardown(async () => {
      if (child.exitCode !== null) return
      const ended = end(child)
      process.kill(-child.pid!, 'SIGKILL')
      await ended
    })
    return child
  }
  for (const code of [listen, hear]) {
    const listener = shell(code)
    const before = await part(page, 'peers').getByRole('listitem').count()
    const words = new Promise<void>(resolve => {
      let text = ''
      listener.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('Good evening')) resolve()
      })
    })
    if (code === hear) await part(page, 'peers').getByRole('listitem').nth(before).waitFor()
    else await new Promise<void>(resolve => listener.stdout.once('data', () => resolve()))
    await part(page, 'text').fill('Good evening')
    await page.keyboard.press('Enter')
    await words
  }
  t.equal(await end(shell(publish)), 0)
  await heard.nth(2).waitFor()
  t.equal(await end(shell(send)), 0)
  await heard.nth(3).waitFor()

  // A channel of this computer only carries raw text.
  await join(page, 'here', { local: true })
  const raw = await joinRaw(t, url, 'here')
  await part(page, 'use').locator('summary').click()
  const local = await servePages(t, {
    '/': `<script>${await take('A page, or a program in Node.js 22 and later')}</script>`
  })
  await openPage(t, browser, local)
  t.equal(await raw.next(), 'Hello')
})
