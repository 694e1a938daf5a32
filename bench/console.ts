// The console under load: pictures a second while its log gets 1000 messages a second. `npm run bench:console` writes
// docs/PERFORMANCE.md. The browser, the proxy and the sender share the processors.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import { WebSocket } from 'ws'
import { START_ARGUMENTS } from '../tools/start-command.mjs'
import { report } from './section.ts'
import { median } from './support.mjs'

const BEGIN = '<!-- console results: written by npm run bench:console -->'
const END = '<!-- end of console results -->'
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
const PER_SECOND = 1000
const TICK_MS = 10
const WARM_UP_MS = 2000
const MEASURE_MS = 4000
/** What the sender says, by a number. */
const SAYINGS = {
  nothing: undefined,
  text: (number: number) =>
    JSON.stringify({ action: 'broadcast', data: `reading ${number} of the sensor in the hall` }),
  JSON: (number: number) =>
    JSON.stringify({ action: 'broadcast', data: { sensor: 'hall', number, values: [number / 7, true, null] } })
}

/** @returns pictures a second, and the longest time between two, milliseconds */
async function frames(page: Page): Promise<{ perSecond: number; longest: number }> {
  return await page.evaluate(async ms => {
    const begun = await new Promise<number>(requestAnimationFrame)
    let [last, longest, count] = [begun, 0, 0]
    while (last - begun < ms) {
      const now = await new Promise<number>(requestAnimationFrame)
      longest = Math.max(longest, now - last)
      last = now
      count++
    }
    return { perSecond: (count * 1000) / (last - begun), longest }
  }, MEASURE_MS)
}

/** Sends at an even rate until it is told to stop. */
async function flood(socket: WebSocket, say: (number: number) => string, signal: AbortSignal): Promise<void> {
  const begun = performance.now()
  for (let sent = 0; !signal.aborted; await setTimeout(TICK_MS))
    for (const due = ((performance.now() - begun) * PER_SECOND) / 1000; sent < due; sent++) socket.send(say(sent))
}

const [load = 0] = loadavg()
const server = spawn(process.execPath, START_ARGUMENTS, {
  env: {
    PATH: process.env['PATH'],
    NWS_PORT: '0',
    NWS_DISCOVERY: 'off',
    NWS_MAX_MESSAGES_PER_SECOND: String(10 * PER_SECOND)
  },
  stdio: ['ignore', 'pipe', 'inherit']
})
process.once('exit', () => server.kill())
let url = ''
for await (const line of createInterface({ input: server.stdout })) {
  url = /is running: (http:\/\/localhost:\d+)/.exec(line)?.[1] ?? ''
  if (url !== '') break
}
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const results = new Map(
  Object.keys(SAYINGS).map(name => [name, { perSecond: [] as number[], longest: [] as number[] }])
)
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, say] of Object.entries(SAYINGS)) {
    const page = await browser.newPage()
    await page.goto(url)
    await page.fill('#channel', 'bench')
    await page.click('#join button')
    await page.locator('.panel:not([hidden]) .line', { hasText: 'Joined.' }).waitFor()
    const socket = new WebSocket(`${url.replace('http', 'ws')}/bench`)
    await once(socket, 'open')
    const stop = new AbortController()
    const flooding = say === undefined ? undefined : flood(socket, say, stop.signal)
    await setTimeout(WARM_UP_MS)
    const { perSecond, longest } = await frames(page)
    stop.abort()
    await flooding
    socket.close()
    await page.close()
    results.get(name)!.perSecond.push(perSecond)
    results.get(name)!.longest.push(longest)
    process.stdout.write(`${round + 1} ${name}: ${perSecond.toFixed(1)}/s, longest ${longest.toFixed(0)} ms\n`)
  }
}
await browser.close()
server.kill()
const show = (values: readonly number[], digits = 0) =>
  `${median(values).toFixed(digits)} (${values.map(value => value.toFixed(digits)).join(', ')})`
report(
  BEGIN,
  END,
  load,
  [...results].map(([name, { perSecond, longest }]): [string, string, string] => [
    `the log gets ${name === 'nothing' ? name : `${PER_SECOND} messages of ${name} a second`}`,
    '60 /s',
    `${show(perSecond)} /s; longest pause ${show(longest)} ms`
  ])
)
