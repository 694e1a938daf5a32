// Files through one proxy and over a link: speed, cost of each process, latency of other channels, memory. Everything is on
// this machine and in memory: no disk, no network. `npm run bench:files` writes docs/PERFORMANCE.md. Beside it a file goes
// through `cat | nc`, and through magic-wormhole if that is installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { WebSocket } from 'ws'
import { freePort } from '../test/support/ports.ts'
import { report } from './section.ts'
import { median } from './support.mjs'
import { START_ARGUMENTS } from '../tools/start-command.mjs'

const BEGIN = '<!-- files results: written by npm run bench:files -->'
const END = '<!-- end of files results -->'
const MB = 1e6
const SIZE_MB = Number(process.env['BENCH_MB'] ?? 1000)
const LARGE_MB = Number(process.env['BENCH_LARGE_MB'] ?? 10_000)
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
/** Between two messages of the other channel, and between two looks at a process, milliseconds. */
const PING_MS = 5
const LOOK_MS = 50

const [load = 0] = loadavg()
const root = resolve('.')
const folder = mkdtempSync('/dev/shm/nws-files-')
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const list = (values: number[], digits = 0): string => values.map(value => value.toFixed(digits)).join(', ')

/** Use of a process so far: seconds of processor, and most memory in bytes. */
interface Used {
  cpu: number
  rss: number
}

function look(pid: number, last: Used): Used {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return {
      cpu: (Number(fields[11]) + Number(fields[12])) / 100,
      rss: peak === null ? last.rss : Number(peak[1]) * 1024
    }
  } catch {
    return last
  }
}

interface Running {
  readonly child: ChildProcess
  readonly used: () => Used
  readonly text: () => string
  readonly says: (pattern: RegExp) => Promise<void>
  readonly ended: Promise<number>
}

function start(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; stdout?: number } = {}
): Running {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...options.env },
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe']
  })
  let text = ''
  const waiting = new Set<() => void>()
  const heard = (chunk: Buffer): void => {
    text += chunk.toString()
    for (const check of waiting) check()
  }
  child.stdout?.on('data', heard)
  child.stderr!.on('data', heard)
  let used: Used = { cpu: 0, rss: 0 }
  const timer = setInterval(() => {
    used = look(child.pid!, used)
  }, LOOK_MS)
  const ended = once(child, 'close').then(([code]) => {
    clearInterval(timer)
    return code as number
  })
  return {
    child,
    used: () => (used = look(child.pid!, used)),
    text: () => text,
    says: async pattern => {
      await new Promise<void>((done, failed) => {
        const check = (): void => {
          if (!pattern.test(text)) return
          waiting.delete(check)
          done()
        }
        waiting.add(check)
        void ended.then(code => failed(new Error(`it ended (${code}): ${text}`)))
        check()
      })
    },
    ended
  }
}

interface Proxy extends Running {
  readonly port: number
  readonly meshPort: number
}

const proxies: Proxy[] = []

async function startProxy(peer?: Proxy): Promise<Proxy> {
  const [port, meshPort] = [await freePort(), await freePort()]
  const running = start(process.execPath, START_ARGUMENTS, {
    env: {
      NWS_PORT: String(port),
      NWS_MESH_HOST: '127.0.0.1',
      NWS_MESH_PORT: String(meshPort),
      NWS_DISCOVERY: 'off',
      ...(peer === undefined ? {} : { NWS_PEERS: `127.0.0.1:${peer.meshPort}` })
    }
  })
  const proxy = { ...running, port, meshPort }
  proxies.push(proxy)
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/api/links`).then(
      async answer => (peer === undefined ? answer.ok : /"state":"open"/.test(await answer.text())),
      () => false
    )
    if (ready) return proxy
    await new Promise(done => setTimeout(done, 50))
  }
}

const nws = (port: number, args: readonly string[], stdout?: number): Running =>
  start(process.execPath, [join(root, 'dist/cli/nws.js'), 'file', ...args], {
    env: { NWS_PORT: String(port) },
    ...(stdout === undefined ? {} : { stdout })
  })

/** A client of another channel. */
async function client(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/bench-other`)
  await once(socket, 'open')
  return socket
}

/** Measures how long messages of another channel take, until it is stopped. @returns milliseconds of each */
async function ping(from: number, to: number): Promise<() => number[]> {
  const [sender, receiver] = [await client(from), await client(to)]
  const times: number[] = []
  const sent = new Map<number, number>()
  receiver.on('message', (data: Buffer) => {
    const { action, data: number } = JSON.parse(data.toString()) as { action: string; data?: number }
    if (action === 'broadcast') times.push(performance.now() - sent.get(number!)!)
  })
  let count = 0
  const timer = setInterval(() => {
    sent.set(++count, performance.now())
    sender.send(`{"action":"broadcast","data":${count}}`)
  }, PING_MS)
  return () => {
    clearInterval(timer)
    sender.close()
    receiver.close()
    return times.toSorted((a, b) => a - b)
  }
}

interface Transfer {
  readonly mbPerSecond: number
  readonly sender: Used
  readonly receivers: Used[]
  readonly proxies: number[]
  readonly p99: number
}

let channels = 0

/** Sends a file and measures. */
async function transfer(
  path: string,
  megabytes: number,
  [near, far = near]: Proxy[],
  receivers = 1
): Promise<Transfer> {
  const channel = `bench-${++channels}`
  const sink = openSync('/dev/null', 'w')
  const taking = Array.from({ length: receivers }, (_, index) =>
    megabytes > SIZE_MB || receivers > 1
      ? nws(far!.port, ['receive', channel, '--yes', '--output', '-', '--max-size', '1T'], sink)
      : nws(far!.port, ['receive', channel, '--yes', '--output', `out-${index}`, '--overwrite'])
  )
  while ((await fetch(`http://127.0.0.1:${far!.port}/api/channels/${channel}`)).status !== 200)
    await new Promise(done => setTimeout(done, 20))
  const stopPing = await ping(near!.port, far!.port)
  const before = proxies.map(proxy => proxy.used().cpu)
  const sending = nws(near!.port, ['send', channel, path, '--receivers', String(receivers)])
  await taking[0]!.says(/Receiving/)
  const began = performance.now()
  const codes = await Promise.all([sending, ...taking].map(({ ended }) => ended))
  const seconds = (performance.now() - began) / 1000
  const after = proxies.map(proxy => proxy.used().cpu)
  const times = stopPing()
  closeSync(sink)
  if (codes.some(code => code !== 0))
    throw new Error(`a transfer failed: ${[sending, ...taking].map(({ text }) => text()).join('\n')}`)
  return {
    mbPerSecond: megabytes / seconds,
    sender: sending.used(),
    receivers: taking.map(({ used }) => used()),
    proxies: after.map((cpu, index) => cpu - before[index]!),
    p99: times[Math.floor(times.length * 0.99)] ?? NaN
  }
}

/** `cat | nc`, the least that a transfer can be. */
async function netcat(path: string, megabytes: number): Promise<number> {
  const port = await freePort()
  const taking = start('sh', ['-c', `nc -l 127.0.0.1 ${port} > out-nc || nc -l -s 127.0.0.1 -p ${port} > out-nc`])
  await new Promise(done => setTimeout(done, 300))
  const began = performance.now()
  const sending = start('sh', [
    '-c',
    `cat ${path} | nc -N 127.0.0.1 ${port} || cat ${path} | nc -q 0 127.0.0.1 ${port}`
  ])
  await Promise.all([sending.ended, taking.ended])
  return megabytes / ((performance.now() - began) / 1000)
}

/** A mailbox server of magic-wormhole; resolves to its address, or undefined if the programs are missing. */
async function startMailbox(): Promise<string | undefined> {
  if (!has('wormhole') || !has('twist3')) {
    process.stdout.write('apt-get install magic-wormhole python3-magic-wormhole-mailbox-server measures it beside\n')
    return undefined
  }
  const port = await freePort()
  const mailbox = start('twist3', ['wormhole-mailbox', '--port', `tcp:${port}:interface=127.0.0.1`])
  await mailbox.says(/Starting reactor/)
  process.once('exit', () => mailbox.child.kill())
  return `ws://127.0.0.1:${port}/v1`
}

/** magic-wormhole over loopback. @param mailbox address of its server */
async function wormhole(mailbox: string, path: string, megabytes: number): Promise<number> {
  const options = ['--relay-url', mailbox, '--transit-helper', '']
  const sending = start('wormhole', [...options, 'send', '--code', '7-bench-files', '--hide-progress', path])
  const taking = start('wormhole', [
    ...options,
    'receive',
    '--accept-file',
    '--hide-progress',
    '-o',
    'out-wormhole',
    '7-bench-files'
  ])
  await taking.says(/Receiving/)
  const began = performance.now()
  await Promise.all([sending.ended, taking.ended])
  rmSync(join(folder, 'out-wormhole'), { force: true })
  return megabytes / ((performance.now() - began) / 1000)
}

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

mkdirSync(folder, { recursive: true })
const path = join(folder, 'file')
const file = openSync(path, 'w')
const block = randomBytes(MB)
for (let index = 0; index < SIZE_MB; index++) writeSync(file, block)
closeSync(file)
const large = join(folder, 'large')
closeSync(openSync(large, 'w'))
truncateSync(large, LARGE_MB * MB)

const mailbox = await startMailbox()
const first = await startProxy()
const second = await startProxy(first)
const one: Transfer[] = []
const linked: Transfer[] = []
const three: Transfer[] = []
const nc: number[] = []
const holes: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  one.push(await transfer(path, SIZE_MB, [first]))
  linked.push(await transfer(path, SIZE_MB, [first, second]))
  three.push(await transfer(path, SIZE_MB, [first], 3))
  if (has('nc')) nc.push(await netcat(path, SIZE_MB))
  if (mailbox !== undefined) holes.push(await wormhole(mailbox, path, SIZE_MB))
  process.stdout.write(`round ${round + 1}: ${list([one, linked].map(all => all.at(-1)!.mbPerSecond))} MB/s\n`)
}
const small = join(folder, 'small')
closeSync(openSync(small, 'w'))
truncateSync(small, MB)
const idle = await transfer(small, 1, [first])
const proxyBefore = first.used().rss
const big = LARGE_MB > 0 ? await transfer(large, LARGE_MB, [first]) : undefined
for (const { child } of proxies) child.kill()

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
const perMb = (transfers: Transfer[], of: (transfer: Transfer) => number): string =>
  `${median(transfers.map(of).map(cpu => (cpu * 1000) / SIZE_MB)).toFixed(1)} ms`
const speed = (transfers: Transfer[]): string =>
  `${median(transfers.map(({ mbPerSecond }) => mbPerSecond)).toFixed(0)} MB/s (${list(transfers.map(({ mbPerSecond }) => mbPerSecond))})`
const rows: [string, string, string][] = [
  [`one file of ${SIZE_MB} MB through one proxy`, '≥ 150 MB/s', speed(one)],
  ['the same over a link', '≥ 60 MB/s', speed(linked)],
  [
    'latency of small messages in another channel meanwhile, p99',
    '≤ 20 ms',
    `one proxy ${median(one.map(({ p99 }) => p99)).toFixed(1)} ms, link ${median(linked.map(({ p99 }) => p99)).toFixed(1)} ms`
  ],
  [
    'CPU per MB: sender, proxy, receiver',
    '–',
    `${perMb(one, ({ sender }) => sender.cpu)}, ${perMb(one, ({ proxies: [proxy] }) => proxy!)}, ${perMb(one, ({ receivers: [receiver] }) => receiver!.cpu)}`
  ],
  [
    'CPU per MB of both proxies, over a link',
    '–',
    perMb(linked, ({ proxies: all }) => all.reduce((sum, cpu) => sum + cpu, 0))
  ],
  [
    'CPU of the proxy with 3 receivers, beside that with one',
    '≤ 3.2',
    (median(three.map(({ proxies: [proxy] }) => proxy!)) / median(one.map(({ proxies: [proxy] }) => proxy!))).toFixed(2)
  ]
]
if (big !== undefined)
  rows.push([
    `memory for ${LARGE_MB} MB more than for 1 MB: sender, proxy, receiver`,
    '≤ 64 MiB',
    `${mib(big.sender.rss - idle.sender.rss)}, ${mib(first.used().rss - proxyBefore)}, ${mib(big.receivers[0]!.rss - idle.receivers[0]!.rss)} MiB; ${big.mbPerSecond.toFixed(0)} MB/s`
  ])
if (nc.length > 0)
  rows.push(['`cat \\| nc`, without encryption or a checksum', '–', `${median(nc).toFixed(0)} MB/s (${list(nc)})`])
if (holes.length > 0) rows.push(['magic-wormhole', '–', `${median(holes).toFixed(0)} MB/s (${list(holes)})`])
report(BEGIN, END, load, rows)
process.exit()
