// Guests: the time from the scan to the channel on a slow phone, the lag of 30 guests who draw at the same time, and the price
// of clients that can come back. `npm run bench:guests` writes docs/PERFORMANCE.md.
//
// The guests that draw are one process (load/guests.ts). This process is one more guest, and measures the lag: else the
// waiting of 30 guests for one processor would count.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { gzipSync } from 'node:zlib'
import { chromium, type Browser, type Response } from 'playwright-core'
import { joinAsGuest, now, type Drawn } from './load/guests.ts'
import { measureResume } from './resume.mjs'
import { report } from './section.ts'
import { cpuOf } from './servers.mjs'
import { median } from './support.mjs'
import { START_ARGUMENTS } from '../tools/start-command.mjs'

const BEGIN = '<!-- guests results: written by npm run bench:guests -->'
const END = '<!-- end of guests results -->'
const PORT = 9790
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7)
const GUESTS = 30
const PER_SECOND = 30
/** The first messages meet code that has never run. */
const WARM_UP_MS = 3000
const MEASURE_MS = 20_000
/** A phone: 4 times slower than this machine, 20 ms and 10 Mbit/s away. */
const SLOWDOWN = 4
const NETWORK = { offline: false, latency: 20, downloadThroughput: 1_250_000, uploadThroughput: 1_250_000 }

const [load = 0] = loadavg()
const server = spawn(process.execPath, START_ARGUMENTS, {
  env: {
    PATH: process.env['PATH'],
    NWS_PORT: String(PORT),
    NWS_DISCOVERY: 'off',
    NWS_GUEST_HOST: '127.0.0.1',
    NWS_GUEST_PORT: '0',
    NWS_GUEST_MAX_CONNECTIONS_PER_ADDRESS: '1000',
    NWS_GUEST_MAX_CONNECTIONS: '1000'
  },
  stdio: ['ignore', 'pipe', 'inherit']
})
process.once('exit', () => server.kill())

async function invite(channel: string, guests: number): Promise<string> {
  const response = await fetch(`http://localhost:${PORT}/api/invitations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel, guests })
  })
  return ((await response.json()) as { url: string }).url
}

/** Opens the link with an empty cache. @returns milliseconds until the page has joined, and all its files, compressed */
async function scan(browser: Browser, url: string): Promise<{ ms: number; bytes: number }> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN })
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', NETWORK)
  const files: Promise<Buffer>[] = []
  const keep = (response: Response): void => void files.push(response.body())
  page.on('response', keep)
  const began = performance.now()
  await page.goto(url, { waitUntil: 'commit' })
  await page.locator('#room:not([hidden])').waitFor()
  const ms = performance.now() - began
  page.off('response', keep) // Later ones may end with the page.
  const bytes = (await Promise.all(files)).reduce((sum, file) => sum + gzipSync(file).length, 0)
  await context.close()
  return { ms, bytes }
}

/** Lets guests draw. @returns sorted milliseconds of lag, and the share of a processor that the proxy took */
async function draw(): Promise<{ lags: number[]; cpu: number; perSecond: number }> {
  const url = await invite('bench', GUESTS + 1)
  const witness = await joinAsGuest(url, 'bench')
  let lags: number[] = []
  witness.addEventListener('message', ({ data }) => lags.push(now() - (JSON.parse(data as string) as Drawn).at))
  const crowd = spawn(
    process.execPath,
    ['--import', './tools/typescript.mjs', 'bench/load/guests.ts', url, String(GUESTS), String(PER_SECOND)],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  await once(crowd.stdout, 'data')
  await new Promise(done => setTimeout(done, WARM_UP_MS))
  lags = []
  const before = cpuOf(server.pid)
  const began = performance.now()
  await new Promise(done => setTimeout(done, MEASURE_MS))
  const elapsed = performance.now() - began
  const cpu = Number(cpuOf(server.pid) - before) / 1e6 / elapsed
  const found = lags.toSorted((a, b) => a - b)
  crowd.kill()
  witness.close()
  return { lags: found, cpu, perSecond: found.length / (elapsed / 1000) }
}

await once(server.stdout, 'data')
const link = await invite('scan', ROUNDS + 1)
const browser = await chromium.launch({
  executablePath: process.env['BENCH_BROWSER'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox']
})
const scans: { ms: number; bytes: number }[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const found = await scan(browser, link)
  if (round > 0) scans.push(found) // The first one starts parts of the browser.
}
await browser.close()
const { lags, cpu, perSecond } = await draw()
const ratios = await measureResume(ROUNDS)

const lagAt = (share: number): string => (lags[Math.floor((lags.length - 1) * share)] ?? NaN).toFixed(1)
const times = scans.map(({ ms }) => ms)
const rows: [string, string, string][] = [
  [
    'from the scan until the start page has joined, on a phone that is 4 times slower, 20 ms and 10 Mbit/s away',
    '≤ 2000 ms',
    `${median(times).toFixed(0)} ms (${times.map(ms => ms.toFixed(0)).join(', ')})`
  ],
  ['all files of that page, compressed', '≤ 60 KiB', `${((scans[0]?.bytes ?? NaN) / 1024).toFixed(1)} KiB`],
  [
    `${GUESTS} guests, each draws ${PER_SECOND} times a second: lag at one more guest`,
    'at most 100 ms',
    `p50 ${lagAt(0.5)} ms, p99 ${lagAt(0.99)} ms, most ${lagAt(1)} ms; ${perSecond.toFixed(0)} messages/s`
  ],
  ['CPU of the proxy meanwhile', '≤ 50 % of a processor', `${(cpu * 100).toFixed(0)} %`],
  [
    'CPU per delivery to 100 clients that can come back, beside that to ordinary ones (case A)',
    '≤ 1.05',
    `${median(ratios).toFixed(3)} (${ratios.map(ratio => ratio.toFixed(2)).join(', ')})`
  ]
]
report(BEGIN, END, load, rows)
process.exit()
