// docs/CLIENT.md: every example runs as it stands there but for the port, and the table of reasons is that of the code.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { buildTestApp, type TestApp } from '../support/app.ts'
import { needsBrowser, openPage, servePages, sharedBrowser, type TestPage } from '../support/browser.ts'
import { joinChannel, type ChannelClient } from '../support/channel.ts'
import { openRaw } from '../support/generations.ts'

const text = readFileSync(new URL('../../docs/CLIENT.md', import.meta.url), 'utf8')
const examples = new Map(
  [...text.matchAll(/^```(\w+)(.*)\n([^]*?)^```$/gm)].map(([, language, info, code]) => [
    /title=(\S+)/.exec(info!)?.[1] ?? '',
    { language: language!, code: code! }
  ])
)

/** The example with the address of the test's proxy. */
function codeOf(title: string, port: number): string {
  const { code, language } = examples.get(title)!
  const own = code.replaceAll(/(localhost|127\.0\.0\.1):9009/g, `$1:${port}`)
  if (language === 'html' || /^import /m.test(own)) return own
  const socket =
    /\bsocket\b/.test(own) && !/const socket\b/.test(own) ? "globalThis.socket = new NetworkWebSocket('webchat')\n" : ''
  return `import { BroadcastWebSocket, LocalWebSocket, NetworkBroadcastChannel, NetworkWebSocket } from 'http://localhost:${port}/lib/networkwebsockets.js'\n${socket}${own}`
}

/** Runs an example in a page of another origin. */
async function runInPage(t: Test, title: string, port: number): Promise<TestPage> {
  const code = codeOf(title, port)
  const isPage = examples.get(title)!.language === 'html'
  const page = await openPage(
    t,
    await sharedBrowser(),
    await servePages(t, { '/': isPage ? code : '<!doctype html>' }),
    { localPort: port }
  )
  // Else addresses hide behind mDNS names, which nothing resolves here.
  if (title === 'webrtc') await page.run('await navigator.mediaDevices.getUserMedia({ audio: true })')
  if (!isPage) await page.page.addScriptTag({ type: 'module', content: code })
  return page
}

interface Stage extends TestApp {
  /** Runs the example and hands over its page. */
  readonly show: () => Promise<TestPage>
  /** Somebody else in a channel. */
  readonly other: (name?: string) => Promise<ChannelClient>
}

/** The actions of the others while an example runs, and its visible effect. */
const plays: Record<string, (t: Test, stage: Stage) => Promise<void>> = {
  module: helloFromPage,
  classic: helloFromPage,
  node: async (t, { port, other }) => {
    const partner = await other()
    const output = new Promise<string>(resolve =>
      execFile(
        process.execPath,
        ['--input-type=module', '-e', codeOf('node', port)],
        { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
        (_error, stdout, stderr) => resolve(stdout + stderr)
      )
    )
    t.match(await partner.nextOf('broadcast'), { data: 'Hello, everybody' })
    partner.send({ action: 'broadcast', data: 'Hello, Node' })
    t.equal(await output, 'Hello, Node\n')
  },
  broadcast: async (t, { show, other }) => {
    const partner = await other()
    const page = await show()
    const { source, data } = await partner.nextOf('broadcast')
    t.equal(data, 'to all the others')
    t.equal(await page.said('I am'), `I am ${source}`)
    partner.send({ action: 'broadcast', data: 'hi' })
    t.equal(await page.said(partner.id), `${partner.id} says hi`)
    await page.run('socket.close()')
    t.equal(await page.said('closed'), 'closed with 1005')
  },
  mistakes: async (t, { show }) => {
    const page = await show()
    t.strictSame([await page.said(''), await page.said('')], ['SyntaxError', 'InvalidStateError'])
  },
  peers: async (t, { show, other }) => {
    const partner = await other()
    const page = await show()
    const { source, data } = await partner.nextOf('message')
    t.equal(data, 'only for you')
    partner.send({ action: 'message', target: source, data: 'thank you' })
    partner.socket.close()
    t.strictSame(
      [await page.said(''), await page.said(''), await page.said(''), await page.said('')],
      [`${partner.id} is here`, 'only for me: thank you', 'it has gone', '0 others are left']
    )
  },
  list: async (t, { show, other }) => {
    const partner = await other()
    t.equal(await (await show()).said(''), `${partner.id} true`)
  },
  binary: async (t, { show, other }) => {
    const partner = await other()
    const page = await show()
    t.strictSame(
      [(await partner.nextOf('broadcast')).data, (await partner.nextOf('broadcast')).data],
      [{ $binary: 'AQID' }, { $binary: 'Zm91cg==' }]
    )
    partner.send(Buffer.from([3, 0, 7, 7]))
    partner.send({ action: 'broadcast', data: 'text' })
    t.strictSame([await page.said(''), await page.said('')], ['2 bytes', 'text'])
  },
  json: async (t, { show, other }) => {
    const partner = await other()
    const page = await show()
    await partner.nextOf('connect')
    const [, first, second, third] = /A peer that sends `(.*?)`, then `(.*?)`, then `(.*?)`/.exec(text)!
    for (const data of [first, second, third]) partner.send(`{"action":"broadcast","data":${data}}`)
    const [, ...printed] = /makes this print `(.*?)`,\s`(.*?)` and `(.*?)`/.exec(text)!
    t.strictSame([await page.said(''), await page.said(''), await page.said('')], printed)
  },
  errors: async (t, { show, other }) => {
    await other()
    t.match(
      await (await show()).said(''),
      /^NWS_ERR_CHANNEL_FULL The channel has as many peers as NWS_MAX_PEERS_PER_CHANNEL/
    )
  },
  reconnect: async (t, { app, show }) => {
    const page = await show()
    t.equal(await page.said('open'), 'open, for the first time or again')
    await app.close()
    t.match(await page.said('attempt'), /^attempt 1 in \d+ ms$/)
  },
  'broadcast-channel': async (t, { show, other }) => {
    const partner = await other('news')
    const page = await show()
    t.strictSame((await partner.nextOf('broadcast')).data, { headline: 'The proxy is running' })
    partner.send({ action: 'broadcast', data: { headline: 'So it is' } })
    t.equal(await page.said(''), 'So it is')
  },
  webrtc: async (t, { show }) => {
    const pages = await Promise.all([show(), show()])
    for (const page of pages) t.equal(await page.said('without'), 'without the proxy: hello')
  },
  options: async (t, { port, show }) => {
    t.equal(await (await show()).said(''), `chat.v2 ws://127.0.0.1:${port}/webchat?binary=1`)
  },
  raw: async (t, { url, show }) => {
    const partner = await openRaw(t, url, 'local/between-my-tabs')
    const page = await show()
    t.equal(await partner.next(), 'nobody else in the network hears this')
    partner.send('so be it')
    t.equal(await page.said(''), 'so be it')
  },
  'send-file': fileBetweenPages,
  'receive-file': fileBetweenPages
}

async function fileBetweenPages(t: Test, { port }: Stage): Promise<void> {
  const receiver = await runInPage(t, 'receive-file', port)
  receiver.page.on('dialog', dialog => void dialog.accept())
  const download = receiver.page.waitForEvent('download')
  await receiver.page.waitForFunction('globalThis.socket?.readyState === 1')
  const sender = await runInPage(t, 'send-file', port)
  t.equal(await sender.said('1 peers'), '1 peers have it, 0 do not')
  t.equal((await download).suggestedFilename(), 'notes.txt')
}

async function helloFromPage(t: Test, { show, other }: Stage): Promise<void> {
  const partner = await other()
  const page = await show()
  t.match(await partner.nextOf('broadcast'), { data: 'Hello, everybody' })
  partner.send({ action: 'broadcast', data: 'Hello, page' })
  t.equal(await page.said(''), 'Hello, page')
}

t.test('every example has its test', async t => {
  t.strictSame([...examples.keys()].toSorted(), Object.keys(plays).toSorted())
})

for (const [title, play] of Object.entries(plays)) {
  t.test(`the example "${title}" does what it says`, needsBrowser, async t => {
    const app = await buildTestApp(t, { maxPeersPerChannel: title === 'errors' ? 1 : 10 })
    await play(t, {
      ...app,
      show: async () => await runInPage(t, title, app.port),
      other: async (name = 'webchat') => await joinChannel(t, app.url, name)
    })
  })
}

t.test('the example of the README does what it says', needsBrowser, async t => {
  const { url, port } = await buildTestApp(t)
  const [, code] = /^```html\n([^]*?)^```$/m.exec(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'))!
  const partner = await joinChannel(t, url, 'webchat')
  const page = await openPage(
    t,
    await sharedBrowser(),
    await servePages(t, { '/': code!.replaceAll('localhost:9009', `localhost:${port}`) }),
    { localPort: port }
  )
  const heard = [await partner.next(), await partner.next(), await partner.next()]
  t.strictSame(
    new Set(heard.map(({ action, data }) => data ?? action)),
    new Set(['Hello, everybody', 'Welcome', 'connect'])
  )
  partner.send({ action: 'broadcast', data: 'hi' })
  t.equal(await page.said(partner.id), `${partner.id} hi`)
})
