// Proxies of one cluster in this process, with short times, for tests against real NATS servers. Not the servers
// (nats.ts).
import type { Test } from 'tap'
import type { NetworkWebSocketsOptions } from '../../src/app.ts'
import { buildTestApp, type TestApp } from './app.ts'
import { newSecret } from './nats.ts'

/** A silent proxy is gone after this: ten times the pause between two signs of life. */
export const SILENCE_MS = 4000
export const clusterOptions: NonNullable<NetworkWebSocketsOptions['cluster']> = {
  timings: { digestMs: 400, silenceMs: SILENCE_MS, tickMs: 50, hereMs: 400, jitterMostMs: 50 },
  connection: { retryMs: 50, connectMs: 2000, pingMs: 1000 }
}

/** Between two looks at what only the API can tell. */
const LOOK_MS = 20
const PATIENCE_MS = 60_000

/** What `/api/health` says of the cluster. */
export interface ClusterHealth {
  readonly state: string
  readonly server?: string
  readonly error?: string
  readonly reconnects: number
  readonly proxies: number
  readonly queuedBytes: number
  readonly queueDropped: number
}

export interface ClusterApp extends TestApp {
  /** Resolves when the health of the cluster is such. */
  until(condition: (health: ClusterHealth) => boolean): Promise<ClusterHealth>
}

/** Starts a proxy without mesh neighbours; `settings` such as `clusterUrl`. */
export async function buildClusterApp(t: Test, settings: NetworkWebSocketsOptions): Promise<ClusterApp> {
  const made = await buildTestApp(t, { meshHost: '127.0.0.1', cluster: clusterOptions, ...settings })
  return {
    ...made,
    until: async condition => {
      const end = Date.now() + PATIENCE_MS
      for (;;) {
        const { cluster } = (await (await fetch(`${made.url}/api/health`)).json()) as { cluster: ClusterHealth }
        if (condition(cluster)) return cluster
        if (Date.now() > end) throw new Error(`after ${PATIENCE_MS} ms still ${JSON.stringify(cluster)}`)
        await new Promise(resolve => {
          setTimeout(resolve, LOOK_MS)
        })
      }
    }
  }
}

/** So many proxies with a secret of their own; resolves when all know all. @param urlOf servers of each */
export async function startClusterApps(
  t: Test,
  count: number,
  urlOf: (place: number) => string[],
  settings: NetworkWebSocketsOptions = {}
): Promise<ClusterApp[]> {
  const secret = newSecret()
  const apps = await Promise.all(
    Array.from(
      { length: count },
      async (_, place) => await buildClusterApp(t, { clusterUrl: urlOf(place), clusterSecret: [secret], ...settings })
    )
  )
  await Promise.all(apps.map(async app => await app.until(({ proxies }) => proxies === count - 1)))
  return apps
}
