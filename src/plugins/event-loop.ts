// How late the event loop of this process runs: one monitor, for readiness and for metrics.
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    eventLoop: EventLoop
  }
}

/** Delays in seconds. */
export interface EventLoopDelay {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The decorator `eventLoop`. */
export interface EventLoop {
  /** Mean delay of the last whole second, in milliseconds. */
  readonly recentMs: number
  /** Delays since the last call. Zeros if nothing was measured. */
  read(): EventLoopDelay
}

/** Milliseconds between two looks at the clock. Anything above is delay. */
const RESOLUTION_MS = 20
const SECOND_MS = 1000

/** Measurements of the event loop. */
type Histogram = Pick<IntervalHistogram, 'enable' | 'disable' | 'count' | 'mean' | 'max' | 'percentile' | 'reset'>

/** Builds the monitor. `look` has to be called once a second. */
export function createMonitor(
  histogram: Histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
): EventLoop & { start(): void; look(): void; stop(): void } {
  /** Samples that `read` has removed from the histogram, and all samples at the last look. */
  let removed = { count: 0, total: 0 }
  let seen = removed
  let recentMs = 0
  const all = (): typeof removed => {
    const { count, mean } = histogram
    return { count: removed.count + count, total: removed.total + (count === 0 ? 0 : mean * count) }
  }
  const secondsOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)
  return {
    start: () => void histogram.enable(),
    stop: () => void histogram.disable(),
    look() {
      const now = all()
      if (now.count > seen.count) recentMs = secondsOf((now.total - seen.total) / (now.count - seen.count)) * 1000
      seen = now
    },
    get recentMs() {
      return recentMs
    },
    read() {
      const measured = histogram.count > 0
      const delay = {
        mean: measured ? secondsOf(histogram.mean) : 0,
        p50: measured ? secondsOf(histogram.percentile(50)) : 0,
        p99: measured ? secondsOf(histogram.percentile(99)) : 0,
        max: measured ? secondsOf(histogram.max) : 0
      }
      removed = all()
      histogram.reset()
      return delay
    }
  }
}

export default fp(
  async app => {
    let monitor: ReturnType<typeof createMonitor> | undefined
    let timer: NodeJS.Timeout | undefined
    app.decorate('eventLoop', {
      get recentMs() {
        return monitor?.recentMs ?? 0
      },
      read: () => monitor?.read() ?? { mean: 0, p50: 0, p99: 0, max: 0 }
    })
    // Not earlier: an app whose start fails is never closed.
    app.addHook('onListen', async () => {
      monitor = createMonitor()
      monitor.start()
      timer = setInterval(() => monitor?.look(), SECOND_MS).unref()
    })
    app.addHook('onClose', async () => {
      clearInterval(timer)
      monitor?.stop()
    })
  },
  { name: 'nws-event-loop', fastify: '5.x' }
)
