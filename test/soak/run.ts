// `npm run soak`: two linked proxies under a steady load, with clients that come and go, and the slope of their memory and
// handles over the second half of the time, after full collections: in between memory is mostly garbage, and a slope of that
// says nothing. What is left grows for a long time by code that V8 compiles, ever more slowly; so what is not code is counted
// in two snapshots of the heap. It must not grow with the channels that were opened. Ends with 1 if it does, or if handles stay.
//   SOAK_SECONDS=600
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

/** A shorter run judges too few channels: any result would look flat. */
const LEAST_SECONDS = 120
const seconds = Number(process.env['SOAK_SECONDS'] ?? 600)
const MEMBERS = 20
const INTERVAL_MS = 20
const GUEST_MS = 1000
/** New channels a second. */
const CHANNELS = 20
/** Between two samples. */
const SAMPLE_MS = 10_000
/** A proxy that keeps anything of a channel that is no more would keep more. */
const MAX_BYTES_PER_CHANNEL = 100
const NAMES = [
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'process_resident_memory_bytes',
  'nodejs_active_resources',
  'process_open_fds'
] as const

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const pause = async (ms: number): Promise<void> => {
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}

/** Reads a stream until a line fits, and on after that, so that it never fills. */
async function lineOf(stream: NodeJS.ReadableStream, expression: RegExp): Promise<string> {
  return await new Promise(resolve =>
    createInterface({ input: stream }).on('line', line => {
      const found = expression.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
  )
}

/** A proxy whose garbage can be collected at will, by the inspector on loopback. */
class Proxy {
  readonly child: ChildProcess
  readonly port: number
  readonly #inspector: WebSocket
  #asked = 0

  private constructor(child: ChildProcess, port: number, inspector: WebSocket) {
    this.child = child
    this.port = port
    this.#inspector = inspector
  }

  static async start(env: Record<string, string>): Promise<Proxy> {
    const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', 'dist/server.js'], {
      env: { ...process.env, NWS_PORT: '0', NWS_DISCOVERY: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const [port, inspector] = await Promise.all([
      lineOf(child.stdout, /is running: http:\/\/[^:]+:(\d+)/),
      lineOf(child.stderr, /Debugger listening on (ws:\S+)/)
    ])
    const socket = new WebSocket(inspector, { perMessageDeflate: false })
    await once(socket, 'open')
    return new Proxy(child, Number(port), socket)
  }

  /** Asks the inspector, and hears its events until it has answered. */
  async #call(method: string, onEvent: (params: { chunk?: string }) => void = () => {}): Promise<void> {
    const id = ++this.#asked
    const answered = new Promise<void>(resolve => {
      this.#inspector.on('message', function listen(this: WebSocket, message: Buffer) {
        const said = JSON.parse(message.toString()) as { id?: number; params?: { chunk?: string } }
        if (said.params !== undefined) onEvent(said.params)
        if (said.id !== id) return
        this.off('message', listen)
        resolve()
      })
    })
    this.#inspector.send(JSON.stringify({ id, method }))
    await answered
  }

  /** Bytes on the heap that are neither compiled code nor what V8 keeps for it. */
  async dataBytes(): Promise<number> {
    const chunks: string[] = []
    await this.#call('HeapProfiler.takeHeapSnapshot', ({ chunk = '' }) => chunks.push(chunk))
    const {
      snapshot: { meta },
      nodes
    } = JSON.parse(chunks.join('')) as {
      snapshot: { meta: { node_fields: string[]; node_types: [string[]] } }
      nodes: number[]
    }
    const [type, size] = [meta.node_fields.indexOf('type'), meta.node_fields.indexOf('self_size')]
    const apart = new Set(['code', 'hidden', 'object shape'].map(name => meta.node_types[0].indexOf(name)))
    let sum = 0
    for (let at = 0; at < nodes.length; at += meta.node_fields.length)
      if (!apart.has(nodes[at + type]!)) sum += nodes[at + size]!
    return sum
  }

  async get(path: string): Promise<string> {
    return await (await fetch(`http://localhost:${this.port}${path}`)).text()
  }

  async sample(): Promise<Record<string, number>> {
    await this.#call('HeapProfiler.collectGarbage')
    const text = await this.get('/api/metrics')
    return Object.fromEntries(NAMES.map(name => [name, Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])]))
  }

  async end(): Promise<void> {
    this.#inspector.terminate()
    this.child.kill('SIGTERM')
    await once(this.child, 'exit')
  }
}

/** Change of a value per hour, by least squares. */
function slopeOf(points: readonly (readonly [seconds: number, value: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)]
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return (points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread) * 3600
}

if (!(seconds >= LEAST_SECONDS)) {
  print(`SOAK_SECONDS is ${process.env['SOAK_SECONDS']}: use ${LEAST_SECONDS} or more.`)
  process.exit(2)
}
const first = await Proxy.start({})
const meshPort = (JSON.parse(await first.get('/api/health')) as { mesh: { port: number } }).mesh.port
const second = await Proxy.start({ NWS_PEERS: `127.0.0.1:${meshPort}` })
const proxies = [first, second]

let heard = 0
async function join({ port }: Proxy, channel: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://localhost:${port}/${channel}`, { perMessageDeflate: false })
  socket.on('message', () => {
    heard++
  })
  await once(socket, 'open')
  return socket
}

const members = await Promise.all(
  Array.from({ length: MEMBERS }, async (_, index) => await join(proxies[index % 2]!, 'soak'))
)
let turn = 0
const sending = setInterval(() => {
  members[turn++ % MEMBERS]!.send(
    '{"action":"broadcast","data":{"text":"a message of a usual length, as people write them"}}'
  )
}, INTERVAL_MS)
const samples: { readonly at: number; readonly values: readonly Record<string, number>[] }[] = []
const begun = Date.now()
let sampled = begun
let guests: readonly WebSocket[] = []
let opened = 0
let halfway: { readonly opened: number; readonly data: readonly number[] } | undefined
const dataOfAll = async (): Promise<number[]> => await Promise.all(proxies.map(async proxy => await proxy.dataBytes()))
while (Date.now() - begun < seconds * 1000) {
  await pause(GUEST_MS)
  // A new channel and new peers each time, matched between the proxies, and all go again.
  for (const guest of guests) guest.terminate()
  const names = Array.from({ length: CHANNELS }, () => `guest-${++opened}`)
  guests = await Promise.all(names.flatMap(name => proxies.map(async proxy => await join(proxy, name))))
  for (const guest of guests) guest.send('{"action":"broadcast","data":"hello"}')
  if (Date.now() - sampled < SAMPLE_MS) continue
  sampled = Date.now()
  if (halfway === undefined && sampled - begun > seconds * 500) halfway = { opened, data: await dataOfAll() }
  samples.push({
    at: (sampled - begun) / 1000,
    values: await Promise.all(proxies.map(async proxy => await proxy.sample()))
  })
}
clearInterval(sending)
const dataAtEnd = await dataOfAll()
const channels = opened - halfway!.opened
const half = samples.slice(Math.floor(samples.length / 2))
let isFlat = true
print(
  `${heard} messages were heard in ${seconds} s; slopes over the second half, ${half.length} samples after full collections:`
)
for (const [index] of proxies.entries()) {
  print(`proxy ${index + 1}`)
  for (const name of NAMES) {
    const points = half.map(({ at, values }) => [at, values[index]![name]!] as const)
    const slope = slopeOf(points)
    print(`  ${name.padEnd(32)} ${points[0]![1]} → ${points.at(-1)![1]}   ${slope.toFixed(0)} per hour`)
    // Sockets that stay would be one more each second.
    if (name === 'process_open_fds' && !(points.at(-1)![1] - points[0]![1] <= half.length)) isFlat = false
  }
  const [before, after] = [halfway!.data[index]!, dataAtEnd[index]!]
  const perChannel = (after - before) / channels
  print(`  heap without compiled code       ${before} → ${after}   ${perChannel.toFixed(1)} per opened channel`)
  if (!(perChannel < MAX_BYTES_PER_CHANNEL)) isFlat = false
}
for (const socket of [...members, ...guests]) socket.terminate()
await Promise.all(proxies.map(async proxy => await proxy.end()))
print(isFlat ? 'memory and handles are flat' : 'WRONG memory or handles grow')
process.exit(isFlat ? 0 : 1)
