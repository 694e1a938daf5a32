// Several proxies in this process that find each other in memory and link over loopback. Real sockets and cryptography.
import type { Test } from 'tap'
import { buildApp, type NetworkWebSocketsOptions } from '../../src/app.ts'
import type { Discovery } from '../../src/core/discovery.ts'
import { createMemoryNetwork, type MemoryNetwork } from './memory-discovery.ts'
import type { TestApp } from './app.ts'
import { Writable } from 'node:stream'

const LOOK_MS = 2

export interface MeshApp extends TestApp {
  readonly discovery: Discovery
}

export interface TestMesh {
  readonly network: MemoryNetwork
  readonly apps: readonly MeshApp[]
  /** One proxy more. */
  add: (options?: Omit<NetworkWebSocketsOptions, 'prefix'>) => Promise<MeshApp>
}

/** Starts proxies on one network; they end with the test. */
export async function createTestMesh(
  t: Test,
  count: number,
  options: Omit<NetworkWebSocketsOptions, 'prefix'> = {}
): Promise<TestMesh> {
  const network = createMemoryNetwork()
  const apps: MeshApp[] = []
  const add = async (more: Omit<NetworkWebSocketsOptions, 'prefix'> = {}): Promise<MeshApp> => {
    const lines: string[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString())
        done()
      }
    })
    const app = await buildApp(
      { port: 0, meshHost: '127.0.0.1', discovery: 'off', shutdownTimeoutMs: 1000, ...options, ...more },
      { level: 'trace', stream }
    )
    const discovery = network.discovery()
    app.discovery.use(discovery)
    t.teardown(() => app.close())
    const port = await app.listener.listen()
    const made = {
      app,
      port,
      url: `http://localhost:${port}`,
      ws: `ws://localhost:${port}`,
      log: () => lines.join(''),
      discovery
    }
    apps.push(made)
    return made
  }
  for (let i = 0; i < count; i++) await add()
  return { network, apps, add }
}

/** Waits until a condition holds; fails by the test's own time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
}

/** Open links of a proxy. */
export function openLinks({ app }: TestApp): number {
  return app.peerMesh.links().filter(({ state }) => state === 'open').length
}
