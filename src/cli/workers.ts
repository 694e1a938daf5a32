// `nws serve --workers N`: several proxies on one port of one machine, one process each (node:cluster). They share channels
// over the configured NATS servers, or else by links of the mesh over loopback.
import cluster, { type Worker } from 'node:cluster'
import { Socket } from 'node:dgram'
import { createServer, type AddressInfo } from 'node:net'
import { readSettings } from '../core/environment.ts'
import { NwsError } from '../core/errors.ts'
import { ignoreHangUp } from '../platform/hang-up.ts'
import { serviceManager } from '../service-manager.ts'
import { note } from './output.ts'
import { MetricsExchange } from './worker-metrics.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Carries variables to a worker that override its flags. No setting begins with NWS_X_. */
const HANDED = 'NWS_X_WORKER'
/** Until a worker that ended by itself is started again, milliseconds. */
const RESTART_MS = 1000
export const MAX_WORKERS = 64
/** A worker sends it when its proxy listens. The event of node:cluster comes for the first of its listeners. */
const LISTENS = 'nws worker listens'

/** Tells the first process that the proxy of this worker listens. */
export function workerListens(): void {
  process.send?.(LISTENS)
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      async () =>
        await new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer()
          server.once('error', reject)
          server.listen(0, () => resolve(server))
        })
    )
  )
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(
    servers.map(
      async server =>
        await new Promise(resolve => {
          server.close(resolve)
        })
    )
  )
  return ports
}

/** The variables of each worker: one local port for all, a mesh port of its own, and, without NATS servers, the other workers. */
export async function planWorkers(environment: Environment, count: number): Promise<Record<string, string>[]> {
  const { port, meshHost, meshPort, peers, clusterUrl } = readSettings(environment)
  const at = ['', '0.0.0.0', '::'].includes(meshHost)
    ? '127.0.0.1'
    : meshHost.includes(':')
      ? `[${meshHost}]`
      : meshHost
  if (meshPort !== 0 && meshPort + count - 1 > 65_535)
    throw new NwsError('NWS_ERR_CONFIG_VALUE', 'NWS_MESH_PORT: each worker takes the next port, up to 65535.')
  const free = await freePorts(count + 1)
  const local = port === 0 ? free[count]! : port
  const meshPorts = Array.from({ length: count }, (_, place) => (meshPort === 0 ? free[place]! : meshPort + place))
  return meshPorts.map((own, place) => {
    const others =
      clusterUrl.length > 0 ? [] : meshPorts.filter((_, other) => other !== place).map(other => `${at}:${other}`)
    return {
      NWS_PORT: String(local),
      NWS_MESH_PORT: String(own),
      ...(peers.length + others.length === 0 ? {} : { NWS_PEERS: [...peers, ...others].join(',') })
    }
  })
}

/** The environment of a worker, with the variables of the first process. */
export function workerEnvironment(environment: Environment): Environment {
  return {
    ...environment,
    ...(JSON.parse(environment[HANDED] ?? '{}') as Record<string, string>),
    [HANDED]: undefined,
    NOTIFY_SOCKET: undefined
  }
}

/** Keeps UDP sockets with the worker that opens them. node:cluster would share one, and each worker would get a part. */
export function keepDatagrams(): void {
  const prototype = Socket.prototype as { bind: (...args: unknown[]) => unknown }
  const own = prototype.bind
  prototype.bind = function (...args: unknown[]) {
    const [first, second] = args
    const callback = args.find(arg => typeof arg === 'function')
    const options =
      typeof first === 'object' && first !== null
        ? first
        : { port: typeof first === 'number' ? first : 0, ...(typeof second === 'string' ? { address: second } : {}) }
    return own.call(this, { ...options, exclusive: true }, callback)
  }
}

/**
 * Runs the workers until a signal. Resolves when all of them have listened once.
 *
 * @throws NwsError as `readSettings`
 */
export async function runWorkers(environment: Environment, count: number): Promise<void> {
  const plan = await planWorkers(environment, count)
  const places = new Map<Worker, number>()
  /** Places whose worker has listened once. */
  const listening = new Set<number>()
  const running = new Set<Worker>()
  const metrics = new MetricsExchange(() => [...places].filter(([worker]) => running.has(worker)))
  const manager = serviceManager(environment, note)
  let ending = false
  let failed: number | undefined

  await new Promise<void>(resolve => {
    const start = (place: number): void => {
      const worker = cluster.fork({ ...environment, [HANDED]: JSON.stringify(plan[place]) })
      places.set(worker, place)
      worker.on('message', message => {
        if (message !== LISTENS) return metrics.received(worker, place, message)
        running.add(worker)
        listening.add(place)
        if (listening.size < count) return
        manager.ready()
        resolve()
      })
    }
    const end = (): void => {
      if (ending) return
      ending = true
      manager.stopping()
      for (const worker of places.keys()) worker.process.kill('SIGTERM')
      if (places.size === 0) process.exit(failed ?? 0)
    }
    cluster.on('exit', (worker, code) => {
      const place = places.get(worker)
      places.delete(worker)
      running.delete(worker)
      if (ending) {
        if (places.size === 0) process.exit(failed ?? 0)
        return
      }
      if (place === undefined) return
      if (!listening.has(place)) {
        // It never listened: its error on standard error would meet all of them.
        failed = code === 0 ? 1 : code
        end()
        return
      }
      note(`A worker ended and is started again (${worker.process.signalCode ?? `exit code ${code}`}).`)
      setTimeout(() => {
        if (!ending) start(place)
      }, RESTART_MS)
    })
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
    if (!ignoreHangUp()) process.on('SIGHUP', end)
    for (let place = 0; place < count; place++) start(place)
  })
}
