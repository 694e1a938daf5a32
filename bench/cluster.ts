// The cost of a cluster over NATS beside one proxy: CPU per delivery, publishes on the broker, joining, presence traffic of
// many proxies. Real processes and a real nats-server on loopback. A full run writes its table and the arithmetic that
// follows from it into docs/SCALING.md. Usage: npm run bench:cluster [part of the name of a measurement …]
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { newSecret, startNats, type NatsServer } from '../test/support/nats.ts'
import { circumstances, writeSection } from './section.ts'
import { arithmetic } from './cluster-arithmetic.ts'
import { START_ARGUMENTS } from '../tools/start-command.mjs'

const PAGE = 'docs/SCALING.md'
const CLIENTS = 1000
const PROXIES = 4
const ROUNDS = 5
const WARM_UP_MS = 1500
const MEASURE_MS = 3000
const JOINS = 60
/** Simulated proxies speak for so long. */
const PRESENCE_MS = 30_000
const PATIENCE_MS = 60_000

const sorted = (values: readonly number[]) => values.toSorted((one, other) => one - other)
const median = (values: readonly number[]) => sorted(values)[values.length >> 1] ?? Number.NaN
const print = (line: string) => {
  process.stdout.write(`${line}\n`)
}
const cleanUps: (() => Promise<void> | void)[] = []
const owner = {
  teardown: (cleanUp: () => Promise<void> | void) => {
    cleanUps.push(cleanUp)
  }
}

interface Proxy {
  readonly child: ChildProcess
  readonly port: number
}

/** Starts a proxy without discovery and resolves when it listens. */
async function startProxy(env: Record<string, string>): Promise<Proxy> {
  const child = spawn(process.execPath, START_ARGUMENTS, {
    env: { ...process.env, NWS_PORT: '0', NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  owner.teardown(() => {
    child.kill('SIGKILL')
  })
  const port = await new Promise<number>(resolve => {
    createInterface({ input: child.stdout }).on('line', line => {
      const match = /running: http:\/\/localhost:(\d+)/.exec(line)
      if (match !== null) resolve(Number(match[1]))
    })
  })
  return { child, port }
}

/** So many proxies of one cluster, all of which have met. */
async function startCluster(nats: NatsServer, count: number): Promise<Proxy[]> {
  const secret = newSecret()
  const proxies = await Promise.all(
    Array.from(
      { length: count },
      async () => await startProxy({ NWS_CLUSTER_URL: nats.url, NWS_CLUSTER_SECRET: secret })
    )
  )
  for (const { port } of proxies) {
    for (const end = Date.now() + PATIENCE_MS; ;) {
      const { cluster } = (await (await fetch(`http://localhost:${port}/api/health`)).json()) as {
        cluster: { proxies: number }
      }
      if (cluster.proxies === count - 1) break
      if (Date.now() > end) throw new Error('the proxies of the cluster do not meet')
      await new Promise(resolve => {
        setTimeout(resolve, 50)
      })
    }
  }
  return proxies
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

interface Load {
  /** CPU of all proxies per delivery. */
  readonly microseconds: number
  readonly broker: number
  readonly perSecond: number
  readonly p50: number
  /** Messages that the broker took while so many were sent. */
  readonly published: number
  readonly sent: number
}

/** A thousand clients of one channel, spread over the proxies; one of them sends. */
async function load(proxies: readonly Proxy[], window: number, nats?: NatsServer): Promise<Load> {
  const client = fork('bench/load/client.mjs')
  const cpu = () => proxies.reduce((sum, { child }) => sum + cpuMicros(child.pid!), 0)
  const broker = () => (nats === undefined ? 0 : cpuMicros(nats.process.pid!))
  const taken = async () => (nats === undefined ? 0 : (await nats.monitor<{ in_msgs: number }>('/varz')).in_msgs)
  try {
    return await new Promise((resolve, reject) => {
      let before = { cpu: 0, broker: 0, taken: Promise.resolve(0) }
      let after = before
      client.on(
        'message',
        (message: { phase: 'ready' | 'begin' | 'end' | 'done'; deliveries: number; seconds: number; p50: number }) => {
          const { phase, deliveries, seconds, p50 } = message
          const look = () => ({ cpu: cpu(), broker: broker(), taken: taken() })
          if (phase === 'ready') {
            client.send({
              do: 'run',
              target: 'nws',
              ports: proxies.map(({ port }) => port),
              connections: CLIENTS,
              senders: 1,
              window,
              bytes: 100,
              warmUpMs: WARM_UP_MS,
              measureMs: MEASURE_MS
            })
          }
          if (phase === 'begin') before = look()
          if (phase === 'end') after = look()
          if (phase !== 'done') return
          Promise.all([before.taken, after.taken])
            .then(([first, last]) =>
              resolve({
                microseconds: (after.cpu - before.cpu) / deliveries,
                broker: (after.broker - before.broker) / deliveries,
                perSecond: deliveries / seconds,
                p50,
                published: last - first,
                sent: deliveries / (CLIENTS - 1)
              })
            )
            .catch(reject)
        }
      )
    })
  } finally {
    client.kill('SIGKILL')
  }
}

/** Time from asking for a channel at one proxy to `connect` at both, one after another, milliseconds. */
async function joins(proxies: readonly Proxy[]): Promise<number[]> {
  const open = async (port: number, channel: string): Promise<{ socket: WebSocket; connected: Promise<number> }> => {
    const socket = new WebSocket(`ws://localhost:${port}/${channel}`, { perMessageDeflate: false })
    const connected = new Promise<number>(resolve => {
      socket.on('message', data => {
        if ((data as Buffer).includes('"connect"')) resolve(performance.now())
      })
    })
    return await new Promise((resolve, reject) => {
      socket.once('open', () => resolve({ socket, connected }))
      socket.once('error', reject)
    })
  }
  const times: number[] = []
  for (let i = 0; i < JOINS; i++) {
    const one = await open(proxies[0]!.port, `join-${i}`)
    const started = performance.now()
    const other = await open(proxies[1 + (i % (proxies.length - 1))]!.port, `join-${i}`)
    times.push(Math.max(await one.connected, await other.connected) - started)
    one.socket.terminate()
    other.socket.terminate()
  }
  return times
}

/** The presence traffic of a proxy per second without any message, by so many proxies of the cluster. */
interface Presence {
  readonly out: number
  readonly in: number
  readonly bytesIn: number
}

/** Simulated proxies: real clusters and connections without sockets of clients. @param shared proxies in each channel */
async function presence(nats: NatsServer, proxies: number, channels: number, shared: number): Promise<Presence> {
  const processes = PROXIES
  const secret = newSecret()
  const children = Array.from({ length: processes }, (_, place) =>
    fork(
      'bench/simulated-proxies.ts',
      [
        JSON.stringify({
          url: nats.url,
          secret,
          first: (place * proxies) / processes,
          count: proxies / processes,
          channels,
          shared
        })
      ],
      { execArgv: ['--import', './tools/typescript.mjs'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }
    )
  )
  const all = async (wanted: string): Promise<Record<string, number>[]> =>
    await Promise.all(
      children.map(
        async child =>
          await new Promise<Record<string, number>>(resolve => {
            const listen = (message: { phase: string } & Record<string, number>): void => {
              if (message.phase !== wanted) return
              child.off('message', listen)
              resolve(message)
            }
            child.on('message', listen)
          })
      )
    )
  const tell = (what: object): void => {
    for (const child of children) child.send(what)
  }
  try {
    await all('ready')
    const met = all('met')
    tell({ do: 'join', expected: shared - 1, peers: (shared - 1) * channels })
    await met
    const measured = all('measured')
    tell({ do: 'measure', ms: PRESENCE_MS })
    const parts = await measured
    const total = (what: string) => parts.reduce((sum, part) => sum + (part[what] ?? 0), 0)
    const per = (proxies * PRESENCE_MS) / 1000
    return { out: total('out') / per, in: total('in') / per, bytesIn: total('bytesIn') / per }
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

const words = process.argv.slice(3)
const wanted = (name: string) => words.length === 0 || words.some(word => name.includes(word))
const rows: string[] = []
const row = (what: string, bound: string, figure: string): void => {
  rows.push(`| ${what} | ${bound} | ${figure} |`)
  print(`${what}: ${figure}`)
}

try {
  const nats = await startNats(owner)
  let costs: { one: number; four: number; broker: number; perSecond: number } | undefined
  if (wanted('cpu')) {
    const [one, four] = [await startProxy({}), await startCluster(nats, PROXIES)]
    const samples: [Load, Load][] = []
    for (let round = 0; round < ROUNDS; round++) {
      const sample: [Load, Load] = [await load([one], 16), await load(four, 16, nats)]
      samples.push(sample)
      print(
        `round ${round + 1}: one ${sample[0].microseconds.toFixed(3)} µs, four ${sample[1].microseconds.toFixed(3)} µs, ${sample[1].published} published of ${sample[1].sent.toFixed(0)}`
      )
    }
    const of = (place: 0 | 1, what: keyof Load) => median(samples.map(sample => sample[place][what]))
    const ratio = median(samples.map(([one, four]) => four.microseconds / one.microseconds))
    costs = {
      one: of(0, 'microseconds'),
      four: of(1, 'microseconds'),
      broker: of(1, 'broker'),
      perSecond: of(0, 'perSecond')
    }
    row(
      `CPU per delivery of ${PROXIES} proxies together, ${CLIENTS} clients in one channel, 16 in flight, beside one proxy's`,
      '≤ 1.3×',
      `**${ratio.toFixed(2)}×**: ${costs.four.toFixed(2)} µs beside ${costs.one.toFixed(2)} µs (rounds: ${sorted(
        samples.map(([one, four]) => four.microseconds / one.microseconds)
      )
        .map(value => value.toFixed(2))
        .join(', ')})`
    )
    row(
      "the same, with the broker's own CPU",
      '–',
      `${((costs.four + costs.broker) / costs.one).toFixed(2)}×: the broker takes ${costs.broker.toFixed(3)} µs per delivery`
    )
    row(
      'median time to the last client, 16 in flight',
      '–',
      `${(of(1, 'p50') / 1000).toFixed(1)} ms; one proxy: ${(of(0, 'p50') / 1000).toFixed(1)} ms`
    )
    const publishes = samples.map(([, four]) => four.published / four.sent)
    row(
      'publishes on the broker per message, 16 in flight',
      '≤ 1',
      `${median(publishes).toFixed(2)} (a turn's messages go in one)`
    )
    const single = await load(four, 1, nats)
    row(
      'publishes on the broker per message, one at a time',
      '1',
      `${(single.published / single.sent).toFixed(2)}: ${single.published} for ${single.sent.toFixed(0)} messages to ${PROXIES} proxies`
    )
    for (const { child } of [one, ...four]) child.kill('SIGKILL')
  }
  if (wanted('join')) {
    const proxies = await startCluster(nats, PROXIES)
    const times = await joins(proxies)
    row(
      'from joining a channel to `connect` at both ends',
      '< 100 ms',
      `**${median(times).toFixed(1)} ms** median, ${sorted(times).at(-1)!.toFixed(1)} ms at most, of ${JOINS}`
    )
    for (const { child } of proxies) child.kill('SIGKILL')
  }
  if (wanted('presence')) {
    for (const [count, channels, shared] of [
      [40, 5, 4],
      [200, 5, 4],
      [200, 20, 4],
      [200, 5, 40]
    ] as const) {
      const { out, in: heard, bytesIn } = await presence(nats, count, channels, shared)
      row(
        `presence per proxy: ${count} proxies, each in ${channels} channels with ${shared - 1} others`,
        'by its own channels',
        `${out.toFixed(2)} messages/s out, ${heard.toFixed(2)} in (${(bytesIn / 1024).toFixed(2)} KiB/s)`
      )
    }
  }
  const text = `${circumstances()}\n\n| what | wanted | measured |\n| --- | --- | --- |\n${rows.join('\n')}`
  print(text)
  if (words.length === 0 && costs !== undefined) {
    writeSection(
      '<!-- cluster results: written by npm run bench:cluster -->',
      '<!-- end of cluster results -->',
      text,
      PAGE
    )
    writeSection(
      '<!-- cluster arithmetic: written by npm run bench:cluster -->',
      '<!-- end of cluster arithmetic -->',
      arithmetic(costs),
      PAGE
    )
  }
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
}
