// A proxy's discovery alone, as a process: advertises an id, prints the ids that it finds. It is no proxy and answers no dial.
// Arguments: one JSON object { id?, port?, advertiser?, browser?, table? }; `goodbyes` to have each one printed that arrives. stdin, one JSON object a line: { stop: true }, { linked: id }, { report: true },
// { breakSockets: true } (each of its own sockets reports an error, as after a change of drivers).
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:dgram'
import { subscribe } from 'node:diagnostics_channel'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { decode } from 'dns-packet'
import { base32 } from '../../../src/core/bytes.ts'
import { remoteTableTimings } from '../../../src/core/dns-sd/constants.ts'
import { advertiserTimings } from '../../../src/plugins/discovery/advertiser.ts'
import { browserTimings } from '../../../src/plugins/discovery/browser.ts'
import { MdnsDiscovery } from '../../../src/plugins/discovery/mdns-discovery.ts'

setFlagsFromString('--expose-gc')
/** Takes the garbage out of the heap, so that a report tells the size of living objects. */
const collect = runInNewContext('gc') as () => void

const sockets = new Set<Socket>()
subscribe('udp.socket', message => {
  const { socket } = message as { socket: Socket }
  sockets.add(socket)
  // Before the browser hears of it, and in the same turn.
  if (process.argv.includes('goodbyes'))
    socket.on('message', packet => {
      for (const id of goodbyesIn(packet)) print('goodbye', { id })
    })
})

/** Ids whose advertisement is taken back in a packet. */
function goodbyesIn(packet: Buffer): string[] {
  const { answers = [] } = decode(packet)
  return answers.flatMap(answer => (answer.type === 'PTR' && answer.ttl === 0 ? [answer.data.split('.', 1)[0]!] : []))
}

interface Options {
  id?: string
  port?: number
  advertiser?: Partial<typeof advertiserTimings>
  browser?: Partial<typeof browserTimings>
  table?: Partial<typeof remoteTableTimings>
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const id = options.id ?? base32(randomBytes(16))
const started = performance.now()
const print = (event: string, fields: object = {}) => {
  process.stdout.write(
    `${JSON.stringify({ event, at: Date.now(), ms: Math.round(performance.now() - started), ...fields })}\n`
  )
}

const discovery = new MdnsDiscovery({
  log: {
    warn: (fields, message) => {
      print('warn', { ...fields, message })
    }
  },
  hostLabel: () => base32(randomBytes(10)),
  advertiserTimings: { ...advertiserTimings, ...options.advertiser },
  browserTimings: { ...browserTimings, ...options.browser, table: { ...remoteTableTimings, ...options.table } }
})
discovery.subscribe({
  found: remote => {
    print('found', { ...remote })
  },
  updated: remote => {
    print('updated', { ...remote })
  },
  lost: id => {
    print('lost', { id })
  },
  status: status => {
    print('status', { ...status })
  }
})
process.on('uncaughtException', error => {
  print('uncaught', { message: String(error.stack) })
})
process.on('unhandledRejection', error => {
  print('uncaught', { message: String(error) })
})

createInterface({ input: process.stdin }).on('line', line => {
  const message = JSON.parse(line) as { stop?: boolean; linked?: string; report?: boolean; breakSockets?: boolean }
  if (message.linked !== undefined) discovery.setLinked(message.linked, true)
  if (message.report === true) {
    collect()
    print('report', {
      remotes: discovery.remotes.size,
      ids: [...discovery.remotes.keys()],
      heap: process.memoryUsage().heapUsed,
      rss: process.memoryUsage.rss(),
      cpu: process.cpuUsage()
    })
  }
  if (message.breakSockets === true)
    for (const socket of sockets) socket.emit('error', new Error('ENODEV: broken by the test'))
  if (message.stop === true) {
    const asked = performance.now()
    discovery.stop().then(
      () => {
        print('stopped', { took: Math.round(performance.now() - asked) })
        process.exit(0)
      },
      () => process.exit(1)
    )
  }
})
const alive = setInterval(() => {}, 1000) // discovery's own timers hold no process open
await discovery.start({ id, port: options.port ?? 40_000 })
print('started', { id, alive: alive.hasRef() })
