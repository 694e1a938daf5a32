// How fast proxies link, match and relay, and what it costs: real processes, in network namespaces where multicast
// matters, over loopback where one clock has to see both ends. Needs root on Linux for the former.
// Usage: npm run bench:mesh [name of a measurement …]
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { budgets, timings } from '../src/core/link/constants.ts'
import type { Link } from '../src/core/link/link.ts'
import { Mesh } from '../src/core/link/mesh.ts'
import { SliceRunner } from '../src/core/link/slice-runner.ts'
import { createCrypto } from '../src/plugins/crypto/index.ts'
import { createNetwork, namespacesAvailable, type Host, type Network, type Program } from '../test/support/namespaces.ts'

const median = (values: number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
const print = (line: string) => { process.stdout.write(`${line}\n`) }
const show = (values: number[], unit = 'ms') => `median ${median(values).toFixed(unit === 'ms' ? 0 : 1)} ${unit} of ${values.length} (${values.map(value => value.toFixed(unit === 'ms' ? 0 : 1)).join(', ')})`

async function within<T> (hosts: number, action: (network: Network) => Promise<T>): Promise<T> {
  const network = await createNetwork({ teardown: () => {} }, hosts)
  try {
    return await action(network)
  } finally {
    await network.close()
  }
}

const startProxy = (host: Host): Program => host.node('dist/server.js', [], { env: { NWS_LOG_LEVEL: 'debug' } })

/** Moments (milliseconds since the epoch) at which a proxy was linked, of so many first links. */
async function linked (proxy: Program, count: number): Promise<number[]> {
  const moments = () => Array.from(proxy.output().matchAll(/"time":(\d+)[^\n]*"msg":"linked"/g), match => Number(match[1]))
  while (moments().length < count) await proxy.printed(new RegExp(`(?:"msg":"linked"[^]*){${moments().length + 1}}`), 60_000)
  return moments().slice(0, count)
}

/** CPU time that a process has used, in microseconds. */
function cpuMicros (pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Two proxies on loopback, joined by NWS_PEERS. */
async function pair (): Promise<{ pids: number[], ports: number[], end: () => void }> {
  const children: ChildProcess[] = []
  const start = async (env: Record<string, string>): Promise<{ child: ChildProcess, port: number }> => {
    const child = spawn(process.execPath, ['dist/server.js'], { env: { ...process.env, NWS_PORT: '0', NWS_DISCOVERY: 'off', NWS_MESH_HOST: '127.0.0.1', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const port = await new Promise<number>(resolve => {
      createInterface({ input: child.stdout }).on('line', line => {
        const match = /running: http:\/\/localhost:(\d+)/.exec(line)
        if (match !== null) resolve(Number(match[1]))
      })
    })
    return { child, port }
  }
  const one = await start({})
  const { mesh } = await (await fetch(`http://localhost:${one.port}/api/health`)).json() as { mesh: { port: number } }
  const two = await start({ NWS_PEERS: `127.0.0.1:${mesh.port}` })
  for (;;) {
    const { links } = await (await fetch(`http://localhost:${two.port}/api/links`)).json() as { links: { state: string }[] }
    if (links.some(({ state }) => state === 'open')) break
  }
  return { pids: [one.child.pid!, two.child.pid!], ports: [one.port, two.port], end: () => { for (const child of children) child.kill() } }
}

interface Client { socket: WebSocket, on: (handler: (text: string) => void) => void }

async function join (port: number, channel: string): Promise<Client> {
  const socket = new WebSocket(`ws://localhost:${port}/${channel}`)
  const handlers: ((text: string) => void)[] = []
  socket.on('message', data => { for (const handler of handlers) handler((data as Buffer).toString('latin1')) })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return { socket, on: handler => handlers.push(handler) }
}

/** Two members of a channel, one on each proxy, that see each other. */
async function members (ports: number[], channel: string): Promise<[Client, Client]> {
  const one = await join(ports[0]!, channel)
  const seen = new Promise<void>(resolve => one.on(text => { if (text.includes('"connect"')) resolve() }))
  const two = await join(ports[1]!, channel)
  await seen
  return [one, two]
}

async function onPair<T> (action: (pair: { pids: number[], ports: number[] }) => Promise<T>): Promise<T> {
  const started = await pair()
  try {
    return await action(started)
  } finally {
    started.end()
  }
}

const measurements: Record<string, () => Promise<string>> = {
  'two proxies started together, until both are linked': async () => {
    const values: number[] = []
    for (let run = 0; run < 7; run++) {
      values.push(await within(2, async ({ hosts: [a, b] }) => {
        const begun = Date.now()
        const proxies = [startProxy(a!), startProxy(b!)]
        const moments = await Promise.all(proxies.map(async proxy => (await linked(proxy, 1))[0]!))
        return Math.max(...moments) - begun
      }))
    }
    return show(values)
  },

  'newcomer to a network of 20, from its start until it is linked to all; to those it dials': async () => {
    const all: number[] = []
    const own: number[] = []
    for (let run = 0; run < 3; run++) {
      await within(21, async ({ hosts }) => {
        const running = hosts.slice(0, 20).map(startProxy)
        await Promise.all(running.map(async proxy => await linked(proxy, 19)))
        const begun = Date.now()
        const late = startProxy(hosts[20]!)
        const moments = await linked(late, 20)
        const listening = Number(/"time":(\d+)[^\n]*is running/.exec(late.output())?.[1])
        all.push(Math.max(...moments) - begun)
        const dialled = Array.from(late.output().matchAll(/"time":(\d+)[^\n]*"role":"I"[^\n]*"msg":"linked"/g), match => Number(match[1]))
        if (dialled.length > 0) own.push(Math.max(...dialled) - listening)
      })
    }
    return `${show(all)}; dialled ones, since it listens: ${show(own)}`
  },

  'channel opened on linked proxies, from the join to connect on the other side': async () => await onPair(async ({ ports }) => {
    const values: number[] = []
    for (let run = 0; run < 15; run++) {
      const channel = `channel-${run}`
      const one = await join(ports[0]!, channel)
      await new Promise(resolve => setTimeout(resolve, 1200)) // a sweep a second after the burst: not what is measured
      const begun = performance.now()
      const seen = new Promise<number>(resolve => one.on(text => { if (text.includes('"connect"')) resolve(performance.now() - begun) }))
      await join(ports[1]!, channel)
      values.push(await seen)
    }
    return show(values)
  }),

  'broadcast across one link, one at a time': async () => await onPair(async ({ ports }) => {
    const [one, two] = await members(ports, 'bench')
    const values: number[] = []
    let begun = 0
    let next: (() => void) | undefined
    two.on(() => {
      values.push((performance.now() - begun) * 1000)
      next?.()
    })
    for (let run = 0; run < 5000; run++) {
      await new Promise<void>(resolve => {
        next = resolve
        begun = performance.now()
        one.socket.send(`{"action":"broadcast","data":${run}}`)
      })
    }
    const sorted = values.slice(500).toSorted((a, b) => a - b)
    return `p50 ${sorted[sorted.length >> 1]!.toFixed(0)} µs, p99 ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(0)} µs`
  }),

  'CPU of both proxies per delivery, one link, 16 in flight, 100 bytes': async () => await onPair(async ({ ports, pids }) => {
    const [one, two] = await members(ports, 'bench')
    const message = `{"action":"broadcast","data":"${'x'.repeat(70)}"}`
    const values: number[] = []
    for (let run = 0; run < 5; run++) {
      const count = 40_000
      const before = pids.reduce((sum, pid) => sum + cpuMicros(pid), 0)
      let received = 0
      let sent = 0
      const begun = performance.now()
      await new Promise<void>(resolve => {
        const send = () => {
          sent += 1
          one.socket.send(message)
        }
        two.on(text => {
          if (!text.includes('"broadcast"') || received === count) return
          received += 1
          if (received === count) resolve()
          else if (sent < count) send()
        })
        for (let i = 0; i < 16; i++) send()
      })
      const spent = pids.reduce((sum, pid) => sum + cpuMicros(pid), 0) - before
      values.push(spent / count)
      print(`  ${Math.round(count / (performance.now() - begun) * 1000)} messages/s`)
      two.socket.removeAllListeners('message')
      two.socket.on('message', () => {})
      two.on = handler => { two.socket.on('message', data => handler((data as Buffer).toString('latin1'))) }
    }
    return show(values, 'µs')
  }),

  '1000 channels shared by two proxies, until all are matched': async () => await onPair(async ({ ports }) => {
    const names = Array.from({ length: 1000 }, (_, place) => `shared-${place}`)
    const begun = performance.now()
    await Promise.all(ports.flatMap(port => names.map(async name => await join(port, name))))
    const joined = performance.now()
    for (;;) {
      const { links } = await (await fetch(`http://localhost:${ports[0]}/api/links`)).json() as { links: { channels: string[] }[] }
      if (links[0]?.channels.length === names.length) break
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return `${(performance.now() - joined).toFixed(0)} ms after the last of 2000 joins, which took ${(joined - begun).toFixed(0)} ms`
  }),

  'the same without sockets: longest slice of the computation': async () => {
    const { link: primitives } = await createCrypto()
    const clock = { now: () => performance.now(), after: (ms: number, run: () => void) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer) } }
    const longest: number[] = []
    for (let run = 0; run < 3; run++) {
      const later = (work: () => void) => { setImmediate(work) }
      const runner = new SliceRunner(clock, 3, later)
      const matched: string[] = []
      const meshes = [0, 1].map(() => new Mesh({
        ownId: primitives.randomBytes(16), primitives, clock, runner, endOfTurn: later, random: Math.random, timings, budgets, keyOf: name => name
      }, { linkOpened: () => {}, linkEnded: () => {}, joined: () => {}, parted: () => {}, message: () => {}, duplicate: () => {}, matched: (_, name) => { matched.push(name) } }))
      for (let place = 0; place < 1000; place++) for (const mesh of meshes) mesh.channelOpened(`shared-${place}`)
      const links: Link[] = []
      for (const [place, mesh] of meshes.entries()) {
        const port = { send: (bytes: Uint8Array) => later(() => links[1 - place]?.receive(bytes)), queuedBytes: 0, pause: () => {}, close: () => {}, destroy: () => {} }
        later(() => { links[place] = mesh.connect({ role: place === 0 ? 'R' : 'I', port, address: 'x' }) })
      }
      while (matched.length < 2000) await new Promise(resolve => setImmediate(resolve))
      longest.push(runner.longestMs)
      for (const mesh of meshes) mesh.close()
    }
    return show(longest)
  },

  'idle traffic of two and of twenty proxies, packets per second': async () => {
    const results: string[] = []
    for (const count of [2, 20]) {
      results.push(await within(count, async ({ hosts }) => {
        const proxies = hosts.map(startProxy)
        await Promise.all(proxies.map(async proxy => await linked(proxy, count - 1)))
        await new Promise(resolve => setTimeout(resolve, 20_000))
        const packets = (udp: boolean) => hosts.reduce((sum, host) => sum + Number((udp
          ? /\nUdp:[^\n]*\nUdp: \d+ \d+ \d+ (\d+)/.exec(host.exec('cat', ['/proc/net/snmp']))
          : /\nTcp:[^\n]*\nTcp:(?: -?\d+){10} (\d+)/.exec(host.exec('cat', ['/proc/net/snmp'])))?.[1] ?? 0), 0)
        const before = [packets(false), packets(true)] as const
        await new Promise(resolve => setTimeout(resolve, 120_000))
        const links = count * (count - 1) / 2
        const tcp = (packets(false) - before[0]) / 120
        const udp = (packets(true) - before[1]) / 120
        return `${count} proxies: ${(tcp / links).toFixed(2)} per link, ${(udp / count).toFixed(2)} datagrams of each proxy`
      }))
    }
    return results.join('; ')
  }
}

const wanted = process.argv.slice(2)
const needsNamespaces = /started together|newcomer|idle/
for (const [name, measure] of Object.entries(measurements)) {
  if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue
  if (needsNamespaces.test(name) && !namespacesAvailable()) {
    print(`${name}: skipped, it needs namespaces`)
    continue
  }
  print(`${name}: ${await measure()}`)
}
