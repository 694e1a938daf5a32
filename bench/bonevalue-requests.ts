// How many requests two pages of headless Chromium answer each other over BoneValue, with the connection kept and without,
// and how fast a large one goes. Prints; asserts nothing. Usage: npm run bench:bonevalue-requests
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { addUser, exchangeToken, logIn, PASSWORD } from '../test/support/rendezvous.ts'
import { circumstances } from './section.ts'

const SECONDS = 10
const FLAGS = ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--allow-loopback-in-peer-connection']

const print = (line: string): void => { process.stdout.write(`${line}\n`) }

/** Requests per second, as text. */
async function rate (page: Page, keepAlive: boolean, atOnce: number, size = 10): Promise<number> {
  return await page.evaluate(`(async () => {
    const data = 'x'.repeat(${size})
    const end = performance.now() + ${SECONDS * 1000}
    let count = 0
    await Promise.all(Array.from({ length: ${atOnce} }, async () => {
      while (performance.now() < end) {
        const answer = await new Promise(resolve => $BV.get('ben').message('echo', data, ${keepAlive}, resolve))
        if (answer === data) count++
      }
    }))
    return count / ${SECONDS}
  })()`)
}

const ends: (() => unknown)[] = []
const test = { teardown: (end: () => unknown) => { ends.push(end) } } as unknown as Test
const server = spawn(process.execPath, ['dist/server.js'], {
  env: { PATH: process.env['PATH'], NWS_PORT: '0', NWS_DISCOVERY: 'off', NWS_BV: 'on', NWS_DATA_DIR: ':memory:' }, stdio: ['ignore', 'pipe', 'inherit']
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
const pages = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'))
await new Promise<void>(resolve => pages.listen(0, 'localhost', resolve))
for (const user of ['ann', 'ben']) await addUser(url, user)
const clients = [await logIn(test, url.replace('http', 'ws'), 'ann'), await logIn(test, url.replace('http', 'ws'), 'ben')] as const
await exchangeToken(clients[0], clients[1], { ofClaimer: 'ben', ofIssuer: 'ann' })
for (const client of clients) await client.close()

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
async function open (user: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`http://localhost:${(pages.address() as AddressInfo).port}/`)
  await page.evaluate(`(async () => {
    await navigator.mediaDevices.getUserMedia({ audio: true })
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

print(circumstances())
const without = await rate(ann, false, 1)
const kept = await rate(ann, true, 1)
print(`one at a time: ${without.toFixed(1)} requests/s without keep-alive, ${kept.toFixed(0)} with: ${(kept / without).toFixed(0)} times as many`)
print(`32 at a time: ${(await rate(ann, false, 32)).toFixed(0)} without, ${(await rate(ann, true, 32)).toFixed(0)} with`)
const large = await rate(ann, true, 1, 2 ** 20)
print(`1 MiB there and back, one at a time: ${large.toFixed(1)}/s, ${(large * 2 * 2 ** 20 / 1e6).toFixed(0)} MB/s`)

await browser.close()
pages.close()
for (const end of ends) await end()
