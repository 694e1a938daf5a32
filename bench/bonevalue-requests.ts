// How many requests two pages of headless Chromium answer each other over BoneValue, with the connection kept and without,
// and how fast a large one goes. `npm run bench:bonevalue-requests` writes docs/PERFORMANCE.md; asserts nothing.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { addUser, exchangeToken, logIn, PASSWORD } from '../test/support/rendezvous.ts'
import { circumstances, writeSection } from './section.ts'

const BEGIN = '<!-- bonevalue-requests results: written by npm run bench:bonevalue-requests -->'
const END = '<!-- end of bonevalue-requests results -->'
const SECONDS = 10
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection'
]

/** What both functions below are made of. `linkEnded` is called when a connection of the page has ended. */
const PREPARE = `
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    close () {
      super.close()
      globalThis.linkEnded?.()
    }
  }
  globalThis.ask = async (data, keepAlive) => {
    const answer = await new Promise(resolve => $BV.get('ben').message('echo', data, keepAlive, resolve))
    if (answer !== data) throw new Error('wrong answer: ' + JSON.stringify(answer).slice(0, 100))
  }`

/** Requests per second on a connection that is kept, so many under way at any time. */
async function rateKept(page: Page, atOnce: number, size = 10): Promise<number> {
  return await page.evaluate(`(async () => {
    const data = 'x'.repeat(${size})
    const started = performance.now()
    let count = 0
    await Promise.all(Array.from({ length: ${atOnce} }, async () => {
      for (; performance.now() - started < ${SECONDS * 1000}; count++) await ask(data, true)
    }))
    return count / (performance.now() - started) * 1000
  })()`)
}

/** Requests per second where each round of so many has a connection of its own: the next begins when that has been closed. */
async function rateWithout(page: Page, atOnce: number): Promise<number> {
  return await page.evaluate(`(async () => {
    const started = performance.now()
    let count = 0
    while (performance.now() - started < ${SECONDS * 1000}) {
      const closing = new Promise(resolve => { globalThis.linkEnded = resolve })
      await Promise.all(Array.from({ length: ${atOnce} }, () => ask('x'.repeat(10), false)))
      await closing
      count += ${atOnce}
    }
    return count / (performance.now() - started) * 1000
  })()`)
}

const ends: (() => unknown)[] = []
const test = {
  teardown: (end: () => unknown) => {
    ends.push(end)
  }
} as unknown as Test
const server = spawn(process.execPath, ['dist/server.js'], {
  env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off', NWS_BV: 'on', NWS_DATA_DIR: ':memory:' },
  stdio: ['ignore', 'pipe', 'inherit']
})
ends.push(() => server.kill())
const port = await new Promise<string>(resolve => {
  let said = ''
  server.stdout.on('data', chunk => {
    said += String(chunk)
    const [, found] = /is running: http\S*:(\d+)"/.exec(said) ?? []
    if (found !== undefined) resolve(found)
  })
})
const url = `http://localhost:${port}`
const pages = createServer((_request, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
)
await new Promise<void>(resolve => pages.listen(0, 'localhost', resolve))
for (const user of ['ann', 'ben']) await addUser(url, user)
const clients = [
  await logIn(test, url.replace('http', 'ws'), 'ann'),
  await logIn(test, url.replace('http', 'ws'), 'ben')
] as const
await exchangeToken(clients[0], clients[1], { ofClaimer: 'ben', ofIssuer: 'ann' })
for (const client of clients) await client.close()

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
async function open(user: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`http://localhost:${(pages.address() as AddressInfo).port}/`)
  await page.evaluate(`(async () => {
    await navigator.mediaDevices.getUserMedia({ audio: true })
    ${PREPARE}
    const { BoneValue } = await import('${url}/lib/bonevalue.js')
    globalThis.$BV = new BoneValue({ timeoutMs: 60_000 })
    $BV.module('echo', e => e.callback(e.request))
    globalThis.met = new Promise(resolve => $BV.on('peerconnect', resolve))
    await $BV.connect('${url}', '${user}', '${PASSWORD}')
  })()`)
  return page
}
const ann = await open('ann')
await open('ben')
await ann.evaluate('met.then(() => {})')

const without = [await rateWithout(ann, 1), await rateWithout(ann, 32)] as const
const kept = [await rateKept(ann, 1), await rateKept(ann, 32)] as const
const large = await rateKept(ann, 1, 2 ** 20)
const rows = [
  ['one at a time', `${without[0].toFixed(0)} requests/s`, `${kept[0].toFixed(0)} requests/s`],
  ['32 at a time', `${without[1].toFixed(0)} requests/s`, `${kept[1].toFixed(0)} requests/s`],
  [
    '1 MiB there and back, one at a time',
    '–',
    `${large.toFixed(1)} requests/s, ${((large * 2 * 2 ** 20) / 1e6).toFixed(0)} MB/s`
  ]
]
writeSection(
  BEGIN,
  END,
  `${circumstances()}\n\n| requests of a page to another | connection not kept | kept |\n| --- | --- | --- |\n${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}\n`
)
for (const row of rows) console.log(row.join(' | '))

await browser.close()
pages.close()
for (const end of ends) await end()
