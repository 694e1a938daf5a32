// `npm run soak`: a proxy under a steady load, with clients that come and go, and the slope of its memory and handles over
// the second half of the time. Ends with 1 where handles stay.   SOAK_SECONDS=600
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const seconds = Number(process.env['SOAK_SECONDS'] ?? 600)
const MEMBERS = 20
const INTERVAL_MS = 20
const SAMPLE_MS = 1000
const NAMES = ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes', 'nodejs_active_resources', 'process_open_fds'] as const

const print = (line: string): void => { process.stdout.write(`${line}\n`) }
const pause = async (ms: number): Promise<void> => { await new Promise(resolve => { setTimeout(resolve, ms) }) }

const proxy = spawn(process.execPath, ['dist/server.js'], { env: { ...process.env, NWS_PORT: '0', NWS_DISCOVERY: 'off' }, stdio: ['ignore', 'pipe', 'inherit'] })
const port = await new Promise<number>(resolve => createInterface({ input: proxy.stdout }).on('line', line => {
  const found = /is running: http:\/\/[^:]+:(\d+)/.exec(line)?.[1]
  if (found !== undefined) resolve(Number(found))
}))

let heard = 0
async function join (channel: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://localhost:${port}/${channel}`, { perMessageDeflate: false })
  socket.on('message', () => { heard++ })
  await once(socket, 'open')
  return socket
}

async function sample (): Promise<Record<string, number>> {
  const text = await (await fetch(`http://localhost:${port}/api/metrics`)).text()
  return Object.fromEntries(NAMES.map(name => [name, Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])]))
}

/** Change of a value per hour, by least squares. */
function slopeOf (points: readonly (readonly [seconds: number, value: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)]
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread * 3600
}

const members = await Promise.all(Array.from({ length: MEMBERS }, async () => await join('soak')))
let turn = 0
const sending = setInterval(() => { members[turn++ % MEMBERS]!.send('{"action":"broadcast","data":{"text":"a message of a usual length, as people write them"}}') }, INTERVAL_MS)
const samples: [number, Record<string, number>][] = []
const begun = Date.now()
while (Date.now() - begun < seconds * 1000) {
  await pause(SAMPLE_MS)
  const guest = await join(`guest-${turn}`) // A new channel and a new peer each time, and both go again.
  guest.terminate()
  samples.push([(Date.now() - begun) / 1000, await sample()])
}
clearInterval(sending)
const half = samples.slice(Math.floor(samples.length / 2))
print(`${heard} messages were heard in ${seconds} s; slopes over the second half:`)
for (const name of NAMES) {
  const points = half.map(([at, values]) => [at, values[name]!] as const)
  print(`${name.padEnd(32)} ${points[0]![1]} → ${points.at(-1)![1]}   ${slopeOf(points).toFixed(0)} per hour`)
}
for (const member of members) member.terminate()
proxy.kill('SIGTERM')
await once(proxy, 'exit')
// Sockets that stay would be one more each second.
const grown = half.at(-1)![1]['process_open_fds']! - half[0]![1]['process_open_fds']!
process.exit(grown > half.length / 4 ? 1 : 0)
