// Preloaded into a process (node --import): measures how long each callback held its event loop. At SIGWINCH it prints
// the longest since the last time as one line of JSON and begins anew. Promises count by themselves, not with the callback
// that settled them; pauses of the garbage collector do not count, they are told beside.
//
// On a busy machine a callback takes much longer than it runs. The printed time is an upper bound, the smallest
// of: its wall time; the CPU time of the whole process meanwhile, helper threads too; and the CPU time of the thread as
// the scheduler counts it, which may be late by one tick (4 ms at 250 Hz).
import { createHook } from 'node:async_hooks'
import { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

const TICK_MS = 4
/** Callbacks that are shorter than this by the clock are not looked at. */
const SHORT_MS = 2

const scheduler = openSync('/proc/thread-self/schedstat')
const buffer = Buffer.alloc(64)
const kinds = new Map()
let long = []
let pauses = []
let depth = 0
let begun = 0
let cpu = process.cpuUsage()
let ran = 0
let kind = ''

/** CPU time of this thread, milliseconds, up to the last tick. */
function threadMs() {
  return Number(buffer.latin1Slice(0, readSync(scheduler, buffer, 0, 64, 0)).split(' ', 1)[0]) / 1e6
}

new PerformanceObserver(list => {
  for (const { startTime, duration } of list.getEntries()) pauses.push({ at: startTime, ms: duration })
}).observe({ entryTypes: ['gc'] })

createHook({
  init(id, type) {
    kinds.set(id, type)
  },
  destroy(id) {
    kinds.delete(id)
  },
  before(id) {
    if (depth++ > 0) return
    kind = kinds.get(id) ?? 'unknown'
    cpu = process.cpuUsage()
    ran = threadMs()
    begun = performance.now()
  },
  after() {
    if (--depth > 0) return
    const wallMs = performance.now() - begun
    if (wallMs < SHORT_MS) return
    const { user, system } = process.cpuUsage(cpu)
    long.push({ at: begun, wallMs, cpuMs: Math.min((user + system) / 1000, threadMs() - ran + TICK_MS), kind })
  }
}).enable()

process.on('SIGWINCH', () => {
  setTimeout(() => {
    // the observer is told later
    let longest = { ms: 0, kind: '' }
    for (const { at, wallMs, cpuMs, kind } of long) {
      const paused = pauses
        .filter(pause => pause.at >= at && pause.at <= at + wallMs)
        .reduce((sum, { ms }) => sum + ms, 0)
      const ms = Math.min(wallMs - paused, cpuMs)
      if (ms > longest.ms) longest = { ms, kind }
    }
    process.stdout.write(
      `${JSON.stringify({ event: 'longest slice', ...longest, pauseMs: Math.max(0, ...pauses.map(({ ms }) => ms)) })}\n`
    )
    long = []
    pauses = []
  }, 100)
})
