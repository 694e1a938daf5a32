// What the process itself uses: memory, processor time, handles, the delay of its event loop. Read when asked for;
// nothing here runs in between but the clock of the event loop, and that only from the first question on.
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'

/** Milliseconds between two looks at the clock; what is measured beyond that is delay. */
const RESOLUTION_MS = 20

/** How late the event loop has been since the last question, in seconds. */
export interface EventLoopDelay {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The event loop's delay between two questions. */
export class EventLoopClock {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#histogram.enable()
  }

  /** What there was since the last call; zeros where nothing has been measured yet. */
  read(): EventLoopDelay {
    const histogram = this.#histogram
    const seconds = (nanoseconds: number): number =>
      Number.isNaN(nanoseconds) ? 0 : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)
    const measured = histogram.count > 0
    const delay = {
      mean: seconds(measured ? histogram.mean : 0),
      p50: seconds(measured ? histogram.percentile(50) : 0),
      p99: seconds(measured ? histogram.percentile(99) : 0),
      max: seconds(measured ? histogram.max : 0)
    }
    histogram.reset()
    return delay
  }

  stop(): void {
    this.#histogram.disable()
  }
}

/** What the process uses now. */
export interface ProcessUse {
  readonly residentBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  readonly cpuSeconds: number
  /** Sockets, servers, timers and requests that are open in Node. */
  readonly resources: number
  /** Open file descriptors; undefined where the system does not say. */
  readonly descriptors: number | undefined
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1 // One is that of this question.
  } catch {
    return undefined
  }
}

/** Reads it. */
export function processUse(): ProcessUse {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    cpuSeconds: (user + system) / 1e6,
    resources: process.getActiveResourcesInfo().length,
    descriptors: openDescriptors()
  }
}
