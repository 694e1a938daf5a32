// How fast proxies link, match and relay, and at which cost: real processes, in network namespaces where multicast
// matters (root on Linux), over loopback where one clock has to see both ends. A full run writes its table into
// docs/PERFORMANCE.md. Usage: npm run bench:mesh [part of the name of a measurement …]
import { execFileSync, fork, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { startCapture } from '../test/support/capture.ts'
import {
  createNetwork,
  namespacesUnavailable,
  type Host,
  type Network,
  type Owner,
  type Program
} from '../test/support/namespaces.ts'
import { startNats } from '../test/support/nats.ts'
import { findProgram } from '../test/support/needs.ts'
import { freePorts } from '../test/support/ports.ts'
import { circumstances, writeSection } from './section.ts'

/** One line of the table. */
interface Measurement {
  readonly name: string
  readonly wanted: string
  /** Gives the figures as text. */
  readonly measure: () => Promise<string>
  /** Whether it needs hosts of its own. */
  readonly hosts?: boolean
}

const IDLE_MS = 120_000
/** The first PINGs of new links and the announcements of a start are over by then. */
const SETTLE_MS = 20_000

const sorted = (values: readonly number[]) => values.toSorted((one, other) => one - other)
const quantile = (values: readonly number[], share: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
const median = (values: readonly number[]) => quantile(values, 0.5)
const pause = async (ms: number) => {
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}
const print = (line: string) => {
  process.stdout.write(`${line}\n`)
}
/** The median with all values, best first. */
const show = (values: readonly number[], unit: string, digits = 0) =>
  `${median(values).toFixed(digits)} ${unit} (${sorted(values)
    .map(value => value.toFixed(digits))
    .join(', ')})`

/** Runs something in a network of its own and removes all of it. */
async function within<T>(hosts: number, action: (network: Network, owner: Owner) => Promise<T>): Promise<T> {
  return await owned(async owner => await action(await createNetwork(owner, hosts), owner))
}

/** Runs a function and ends all processes that it has started. */
async function owned<T>(action: (owner: Owner) => Promise<T>): Promise<T> {
  const cleanUps: (() => Promise<void> | void)[] = []
  const owner = {
    teardown: (cleanUp: () => Promise<void> | void) => {
      cleanUps.unshift(cleanUp)
    }
  }
  try {
    return await action(owner)
  } finally {
    for (const cleanUp of cleanUps) await cleanUp()
  }
}

/** A line of a proxy's log. */
interface LogLine {
  readonly time: number
  readonly msg: string
  readonly role?: 'I' | 'R'
}

const startOn = (host: Host): Program => host.node('dist/server.js', [], { env: { NWS_LOG_LEVEL: 'debug' } })
const logOf = (proxy: Program): LogLine[] =>
  proxy
    .output()
    .split('\n')
    .filter(line => line.startsWith('{"level"'))
    .map(line => JSON.parse(line) as LogLine)
const linksOf = (proxy: Program): LogLine[] => logOf(proxy).filter(({ msg }) => msg === 'linked')
const listensAt = (proxy: Program): number => logOf(proxy).find(({ msg }) => msg.includes('is running'))!.time

/** Resolves when a proxy was linked so many times. */
async function linked(proxy: Program, count: number): Promise<void> {
  // The time is in the log: it does not matter how late it is looked at.
  while (linksOf(proxy).length < count) await pause(50)
}

/** CPU time of all threads of a process, in microseconds, from the scheduler's own account. */
function cpuMicros(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return (
    tasks.reduce(
      (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ', 1)[0]),
      0
    ) / 1000
  )
}

/** Lets a client on one server send to one on the other for a while: what each delivery costs the servers. */
async function load(
  target: string,
  ports: readonly number[],
  pids: readonly number[],
  window: number
): Promise<number> {
  const client = fork('bench/load/client.mjs')
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0)
  try {
    return await new Promise(resolve => {
      let before = 0
      let spent = 0
      client.on(
        'message',
        ({ phase, deliveries }: { phase: 'ready' | 'begin' | 'end' | 'done'; deliveries: number }) => {
          if (phase === 'ready')
            client.send({
              do: 'run',
              target,
              ports,
              connections: 2,
              senders: 1,
              window,
              bytes: 100,
              warmUpMs: 700,
              measureMs: 1500
            })
          if (phase === 'begin') before = cpu()
          if (phase === 'end') spent = cpu() - before
          if (phase === 'done') resolve(spent / deliveries)
        }
      )
    })
  } finally {
    client.kill('SIGKILL')
  }
}

/** The largest load of a pair: a message that is refused for its rate would never arrive, and stop the client's window. */
const unlimited = { NWS_MAX_MESSAGES_PER_SECOND: '10000000', NWS_MAX_BYTES_PER_SECOND: '10000000000' }

/** Two proxies on loopback, joined by NWS_PEERS. */
interface Pair {
  readonly children: readonly ChildProcess[]
  readonly ports: readonly number[]
}

/** Pins a process to processors; if there is only one, it does nothing. */
function pin(pid: number, processors: string): void {
  if (cpus().length > 1) spawnSync('taskset', ['-apc', processors, String(pid)], { stdio: 'ignore' })
}

/** The same with both proxies on one processor and the load on another: their cost must not depend on the scheduler. */
async function onPinnedPair<T>(action: (pair: Pair) => Promise<T>): Promise<T> {
  return await onPair(async pair => {
    for (const { pid } of pair.children) pin(pid!, '0')
    pin(process.pid, '1')
    try {
      return await action(pair)
    } finally {
      pin(process.pid, `0-${cpus().length - 1}`)
    }
  })
}

/** Two nats-servers on the proxies' processor, joined by a TLS route; `undefined` if they are not installed. */
async function onNatsPair<T>(
  action: (pair: { ports: readonly number[]; pids: readonly number[] } | undefined) => Promise<T>
): Promise<T> {
  if (findProgram('nats-server') === undefined || findProgram('openssl') === undefined) return await action(undefined)
  return await owned(async owner => {
    const folder = mkdtempSync(joinPath(tmpdir(), 'nws-bench-'))
    owner.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`]
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`.split(
        ' '
      ),
      { stdio: 'pipe' }
    )
    const [one, two, ...ports] = (await freePorts(4)) as [number, number, number, number]
    const servers = [one, two].map(
      async (own, place) =>
        await startNats(owner, {
          routes: { own, all: [one, two], tls: { cert, key } },
          config: `websocket { listen: "127.0.0.1:${ports[place]}", no_tls: true }`,
          env: { GOMAXPROCS: '1' }
        })
    )
    const started = await Promise.all(servers)
    for (const server of started)
      while ((await server.monitor<{ routes: number }>('/varz')).routes === 0) await pause(20)
    const pids = started.map(({ process: { pid } }) => pid!)
    for (const pid of pids) pin(pid, '0')
    return await action({ ports, pids })
  })
}

async function onPair<T>(action: (pair: Pair) => Promise<T>, nodeOptions: readonly string[] = []): Promise<T> {
  const children: ChildProcess[] = []
  const start = async (env: Record<string, string>): Promise<number> => {
    const child = spawn(process.execPath, [...nodeOptions, 'dist/server.js'], {
      env: { ...process.env, ...unlimited, NWS_PORT: '0', NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    children.push(child)
    return await new Promise<number>(resolve => {
      createInterface({ input: child.stdout }).on('line', line => {
        const match = /running: http:\/\/localhost:(\d+)/.exec(line)
        if (match !== null) resolve(Number(match[1]))
      })
    })
  }
  try {
    const first = await start({})
    const { mesh } = (await (await fetch(`http://localhost:${first}/api/health`)).json()) as { mesh: { port: number } }
    const second = await start({ NWS_PEERS: `127.0.0.1:${mesh.port}` })
    while (!(await linkedChannels(second)).open) await pause(5)
    return await action({ children, ports: [first, second] })
  } finally {
    for (const child of children) child.kill()
  }
}

/** The facts of a proxy about its first link. */
async function linkedChannels(port: number): Promise<{ open: boolean; channels: number }> {
  const {
    links: [link]
  } = (await (await fetch(`http://localhost:${port}/api/links`)).json()) as {
    links: { state: string; channels: string[] }[]
  }
  return { open: link?.state === 'open', channels: link?.channels.length ?? 0 }
}

/** A client of a channel that hands messages on, as text. */
interface Client {
  readonly socket: WebSocket
  /** @param message at most its first 200 bytes */
  hear: (message: string) => void
}

async function join(port: number, channel: string): Promise<Client> {
  const socket = new WebSocket(`ws://localhost:${port}/${channel}`)
  const client: Client = { socket, hear: () => {} }
  socket.on('message', data => client.hear((data as Buffer).toString('latin1', 0, 200)))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return client
}

const LARGE_BYTES = 65_536
const LARGE_MESSAGES = 2000
const LARGE_WINDOW = 4

/** Sends large binary messages across a link, some in flight: CPU milliseconds of both proxies per megabyte. */
async function largeCost(ports: readonly number[], pids: readonly number[]): Promise<number> {
  const watcher = await join(ports[1]!, 'bench')
  const seen = hearsConnect(watcher)
  const one = await join(ports[0]!, 'broadcast/bench') // raw: a binary frame is a message
  await seen
  const two = await join(ports[1]!, 'broadcast/bench')
  watcher.socket.close()
  const payload = Buffer.alloc(LARGE_BYTES, 'x')
  let sent = 0
  let arrived = 0
  const send = () => {
    while (sent < LARGE_MESSAGES && sent - arrived < LARGE_WINDOW) {
      one.socket.send(payload)
      sent += 1
    }
  }
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0)
  const before = cpu()
  await new Promise<void>(resolve => {
    two.hear = () => {
      arrived += 1
      if (arrived === LARGE_MESSAGES) resolve()
      else send()
    }
    send()
  })
  const spent = cpu() - before
  for (const { socket } of [one, two]) socket.close()
  return spent / 1000 / ((LARGE_MESSAGES * LARGE_BYTES) / 1e6)
}

/** Resolves when a client hears of a peer. */
const hearsConnect = async (client: Client) =>
  await new Promise<void>(resolve => {
    client.hear = text => {
      if (text.includes('"connect"')) resolve()
    }
  })

/** Two members of a channel, one on each proxy, that have heard of each other. */
async function members(ports: readonly number[]): Promise<[Client, Client]> {
  const one = await join(ports[0]!, 'bench')
  const seen = hearsConnect(one)
  const two = await join(ports[1]!, 'bench')
  await seen
  return [one, two]
}

/** Segments that a host has sent by TCP. */
function sentSegments(host: Host): number {
  return Number(/\nTcp:[^\n]*\nTcp:(?: -?\d+){10} (\d+)/.exec(host.exec('cat', ['/proc/net/snmp']))?.[1])
}

/** Packets per second of so many proxies that nobody uses: by TCP for each link, by mDNS for each proxy. */
async function idlePackets(count: number): Promise<string> {
  return await within(count + 1, async ({ hosts }, owner) => {
    const busy = hosts.slice(0, count)
    await Promise.all(busy.map(startOn).map(async proxy => await linked(proxy, count - 1)))
    await pause(SETTLE_MS)
    const segments = () => busy.reduce((sum, host) => sum + sentSegments(host), 0)
    const capture = await startCapture(owner, hosts[count]!, 'udp port 5353')
    const before = segments()
    await pause(IDLE_MS)
    const perLink = (segments() - before) / (IDLE_MS / 1000) / ((count * (count - 1)) / 2)
    await capture.stop()
    const perProxy = capture.packets().length / (IDLE_MS / 1000) / count
    return `${count} proxies: ${perLink.toFixed(2)} per link, ${perProxy.toFixed(2)} mDNS per proxy`
  })
}

/** The kernel's table of neighbours is one for all namespaces; with 1024 entries it is too small for 40 × 39. */
const NEIGHBOURS = '/proc/sys/net/ipv4/neigh/default/gc_thresh3'

/** CPU of each of so many proxies that nobody uses, all linked, as a share of a core. */
async function idleCpu(count: number): Promise<string> {
  const before = readFileSync(NEIGHBOURS, 'latin1')
  writeFileSync(NEIGHBOURS, '16384')
  try {
    return await within(count, async ({ hosts }) => {
      const proxies: Program[] = []
      for (let first = 0; first < count; first += 4) {
        const some = hosts.slice(first, first + 4).map(startOn)
        await Promise.all(some.map(async proxy => await proxy.printed(/is running/, 120_000)))
        proxies.push(...some)
      }
      for (const proxy of proxies) await linked(proxy, count - 1)
      await pause(SETTLE_MS)
      const cpu = () => proxies.map(({ pid }) => cpuMicros(pid))
      const [first, ms] = [cpu(), performance.now()]
      await pause(IDLE_MS)
      const shares = cpu().map((value, place) => (value - first[place]!) / 10 / (performance.now() - ms))
      return `median ${median(shares).toFixed(2)} %, highest ${Math.max(...shares).toFixed(2)} %`
    })
  } finally {
    writeFileSync(NEIGHBOURS, before)
  }
}

/** What bench/slices.mjs tells. */
interface Slice {
  readonly ms: number
  readonly kind: string
  readonly pauseMs: number
}

async function matchThousand(): Promise<{ matchedMs: number; slices: readonly Slice[] }> {
  return await onPair(
    async ({ ports, children }) => {
      const slices = async () =>
        await Promise.all(
          children.map(async child => {
            const told = new Promise<Slice>(resolve => {
              createInterface({ input: child.stdout! }).on('line', line => {
                if (line.startsWith('{"event":"longest')) resolve(JSON.parse(line) as Slice)
              })
            })
            child.kill('SIGWINCH')
            return await told
          })
        )
      await slices() // what the start took
      const names = Array.from({ length: 1000 }, (_, place) => `shared-${place}`)
      await Promise.all(ports.flatMap(port => names.map(async name => await join(port, name))))
      const joined = performance.now()
      while ((await linkedChannels(ports[0]!)).channels < names.length) await pause(20)
      return { matchedMs: performance.now() - joined, slices: await slices() }
    },
    ['--import', './bench/slices.mjs']
  )
}

const measurements: readonly Measurement[] = [
  {
    name: 'two proxies started together, from the start of both processes until both are linked',
    wanted: '< 1500 ms',
    hosts: true,
    async measure() {
      const fromStart: number[] = []
      const sinceListening: number[] = []
      for (let run = 0; run < 7; run++) {
        await within(2, async ({ hosts }) => {
          const begun = Date.now()
          const proxies = hosts.map(startOn)
          await Promise.all(proxies.map(async proxy => await linked(proxy, 1)))
          const last = Math.max(...proxies.map(proxy => linksOf(proxy)[0]!.time))
          fromStart.push(last - begun)
          sinceListening.push(last - Math.max(...proxies.map(listensAt)))
        })
      }
      return `${show(fromStart, 'ms')}; once both listen: ${show(sinceListening, 'ms')}`
    }
  },
  {
    name: 'newcomer to a running network of 20 proxies, from the start of its process until it is linked to all',
    wanted: '< 1500 ms; < 500 ms to those it dials',
    hosts: true,
    async measure() {
      const all: number[] = []
      const sinceListening: number[] = []
      const dialled: number[] = []
      for (let run = 0; run < 3; run++) {
        await within(21, async ({ hosts }) => {
          await Promise.all(
            hosts
              .slice(0, 20)
              .map(startOn)
              .map(async proxy => await linked(proxy, 19))
          )
          const begun = Date.now()
          const late = startOn(hosts[20]!)
          await linked(late, 20)
          const last = (links: readonly LogLine[], since: number) => Math.max(...links.map(({ time }) => time)) - since
          all.push(last(linksOf(late), begun))
          sinceListening.push(last(linksOf(late), listensAt(late)))
          const own = linksOf(late).filter(({ role }) => role === 'I')
          if (own.length > 0) dialled.push(last(own, listensAt(late)))
        })
      }
      return `${show(all, 'ms')}; once it listens: ${show(sinceListening, 'ms')}, to those it dials ${show(dialled, 'ms')}`
    }
  },
  {
    name: '200 channels opened one after another on linked proxies, the sides in turn, from the join to `connect` on the other side',
    wanted: 'median < 60 ms, none above 250 ms',
    measure: async () =>
      await onPair(async ({ ports }) => {
        const values: number[] = []
        for (let run = 0; run < 200; run++) {
          const one = await join(ports[run % 2]!, `channel-${run}`)
          const seen = hearsConnect(one)
          const begun = performance.now()
          await join(ports[1 - (run % 2)]!, `channel-${run}`)
          await seen
          values.push(performance.now() - begun)
        }
        return `median ${median(values).toFixed(0)} ms, p95 ${quantile(values, 0.95).toFixed(0)} ms, longest ${Math.max(...values).toFixed(0)} ms`
      })
  },
  {
    name: 'broadcast across one link, one at a time',
    wanted: 'p50 < 1000 µs',
    measure: async () =>
      await onPair(async ({ ports }) => {
        const [one, two] = await members(ports)
        const values: number[] = []
        for (let run = 0; run < 5000; run++) {
          const begun = performance.now()
          await new Promise<void>(resolve => {
            two.hear = () => resolve()
            one.socket.send(`{"action":"broadcast","data":${run}}`)
          })
          values.push((performance.now() - begun) * 1000)
        }
        const warm = values.slice(500)
        return `p50 ${median(warm).toFixed(0)} µs, p99 ${quantile(warm, 0.99).toFixed(0)} µs`
      })
  },
  {
    name: 'CPU of both servers per delivery, one link, 100 bytes, as a ratio to two nats-servers with a TLS route in the same run; 1, 16, 256 in flight',
    wanted: '≤ 0.9, ≤ 1.15, ≤ 2.1',
    measure: async () =>
      await onPinnedPair(
        async ({ ports, children }) =>
          await onNatsPair(async nats => {
            // Matched before the load comes, whose window would stand still if a message of it were sent to nobody.
            for (const { socket } of await members(ports)) socket.close()
            const pids = children.map(({ pid }) => pid!)
            const lines: string[] = []
            for (const window of [1, 16, 256]) {
              const own: number[] = []
              const theirs: number[] = []
              for (let run = 0; run < 5; run++) {
                own.push(await load('nws', ports, pids, window))
                if (nats !== undefined) theirs.push(await load('nats-server', nats.ports, nats.pids, window))
              }
              const ratios = own.map((value, run) => value / (theirs[run] ?? Number.NaN))
              lines.push(
                `${window}: ${show(own, 'µs', 1)}, nats-server ${median(theirs).toFixed(1)} µs, ratio ${show(ratios, '', 2)}`
              )
            }
            return lines.join('; ')
          })
      )
  },
  {
    name: 'CPU of both proxies per MB of binary messages of 64 KiB, one link, 4 in flight',
    wanted: '≤ 12 ms',
    measure: async () =>
      await onPinnedPair(async ({ ports, children }) => {
        const values: number[] = []
        for (let run = 0; run < 5; run++)
          values.push(
            await largeCost(
              ports,
              children.map(({ pid }) => pid!)
            )
          )
        return show(values, 'ms', 1)
      })
  },
  {
    name: 'packets per second of proxies that nobody uses, over 120 s',
    wanted: '≤ 0.6 per link + 0.1 mDNS',
    hosts: true,
    measure: async () => (await Promise.all([idlePackets(2), idlePackets(20)])).join('; ')
  },
  {
    name: 'CPU of each of 40 linked proxies that nobody uses, share of a core over 120 s',
    wanted: '≤ 0.5 %',
    hosts: true,
    measure: async () => await idleCpu(40)
  },
  {
    name: '1000 channels shared by two proxies, from the last join until all are matched',
    wanted: '≤ 1.5 s, no callback of ours longer than 10 ms',
    async measure() {
      const seconds: number[] = []
      const longest: number[] = []
      const pauses: number[] = []
      for (let run = 0; run < 5; run++) {
        const { matchedMs, slices } = await matchThousand()
        seconds.push(matchedMs / 1000)
        longest.push(Math.max(...slices.map(({ ms }) => ms)))
        pauses.push(Math.max(...slices.map(({ pauseMs }) => pauseMs)))
      }
      return `${show(seconds, 's', 1)}; longest callback at most ${show(longest, 'ms', 1)}, longest pause of the garbage collector ${show(pauses, 'ms', 1)}`
    }
  }
]

const words = process.argv.slice(3)
const chosen = measurements.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)))
const rows: string[] = []
for (const { name, wanted, measure, hosts = false } of chosen) {
  const result =
    hosts && namespacesUnavailable() !== undefined ? 'not measured: it needs network namespaces' : await measure()
  print(`${name}\n  wanted ${wanted}\n  ${result}`)
  rows.push(`| ${name} | ${wanted} | ${result} |`)
}
if (words.length === 0) {
  writeSection(
    '<!-- mesh results: written by npm run bench:mesh -->',
    '<!-- end of mesh results -->',
    `${circumstances()}\n\n| what | wanted | measured: median (all runs) |\n| --- | --- | --- |\n${rows.join('\n')}`
  )
}
process.exit()
