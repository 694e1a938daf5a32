// Gives memory back after a peak. V8 collects garbage when a program asks for memory, so an idle process would keep the buffers of
// the peak.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes in queues that make a peak. */
const PEAK_BYTES = 32 * 1024 * 1024
/** Bytes in queues below which the peak is over. */
const CALM_BYTES = 4 * 1024 * 1024
const LOOK_MS = 5000

/** One full collection, which takes some ten milliseconds. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

/**
 * Collects garbage once after each peak.
 *
 * @param queuedBytes in all queues now
 * @returns ends it
 */
export function giveBackAfterPeaks(queuedBytes: () => number, collect = collectGarbage, lookMs = LOOK_MS): () => void {
  let isPeak = false
  const timer = setInterval(() => {
    const bytes = queuedBytes()
    if (bytes > PEAK_BYTES) isPeak = true
    if (!isPeak || bytes > CALM_BYTES) return
    isPeak = false
    collect()
  }, lookMs).unref()
  return () => clearInterval(timer)
}
