// NATS servers for tests: Debian's nats-server, started and ended by the test. Nothing of it is replaced.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leashed } from './leash.ts'
import type { Owner } from './namespaces.ts'
import { findProgram } from './needs.ts'
import { freePorts } from './ports.ts'

/** The program. */
export const NATS_SERVER = findProgram('nats-server') ?? 'nats-server'
const LOOK_MS = 20
const PATIENCE_MS = 60_000

/** A secret of a cluster, new each time. */
export function newSecret(): string {
  return randomBytes(32).toString('base64')
}

/** A running or ended server. */
export interface NatsServer {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** The JSON of its monitor, such as `/varz`. */
  monitor<T>(path: string): Promise<T>
  /** Ends it and resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again with the same ports. */
  restart(): Promise<void>
}

/** How it is started. */
export interface NatsOptions {
  /** Lines of its configuration. */
  readonly config?: string
  readonly port?: number
  /** Port for the other servers of its cluster, and all of theirs; with the files of a certificate they speak TLS. */
  readonly routes?: {
    readonly own: number
    readonly all: readonly number[]
    readonly tls?: { readonly cert: string; readonly key: string }
  }
  readonly env?: Record<string, string>
}

/** Resolves when something listens. */
export async function listens(port: number): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const answered = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (answered) return
    if (Date.now() > end) throw new Error(`nothing listens on ${port}`)
    await new Promise(resolve => {
      setTimeout(resolve, LOOK_MS)
    })
  }
}

/** Starts a server on loopback; resolves when it takes connections. */
export async function startNats(owner: Owner, options: NatsOptions = {}): Promise<NatsServer> {
  const [free, monitorPort] = (await freePorts(2)) as [number, number]
  const port = options.port ?? free
  const folder = mkdtempSync(join(tmpdir(), 'nws-nats-'))
  const file = join(folder, 'nats.conf')
  const tls = options.routes?.tls
  const routeTls =
    tls === undefined ? '' : `, tls { cert_file: "${tls.cert}", key_file: "${tls.key}", ca_file: "${tls.cert}" }`
  const cluster =
    options.routes === undefined
      ? ''
      : `cluster { name: "test", listen: "127.0.0.1:${options.routes.own}", routes: [${options.routes.all.map(route => `"nats://127.0.0.1:${route}"`).join(', ')}]${routeTls} }`
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitorPort}"\nserver_name: "test-${port}"\n${cluster}\n${options.config ?? ''}\n`
  )
  const start = () =>
    spawn(...leashed(NATS_SERVER, ['-c', file]), { stdio: 'ignore', env: { ...process.env, ...options.env } })
  let child = start()
  let gone = ending(child)
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await gone
  }
  owner.teardown(async () => {
    await stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await listens(port)
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    get process() {
      return child
    },
    async monitor<T>(path: string) {
      return (await (await fetch(`http://127.0.0.1:${monitorPort}${path}`)).json()) as T
    },
    kill: async (signal = 'SIGKILL') => await stop(signal),
    async restart() {
      await stop('SIGKILL')
      child = start()
      gone = ending(child)
      await listens(port)
    }
  }
}

async function ending(child: ChildProcess): Promise<void> {
  await new Promise<void>(resolve => {
    child.once('exit', () => resolve())
  })
}
