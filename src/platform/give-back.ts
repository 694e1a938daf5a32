// Gives memory back after a peak. V8 collects garbage when a program asks for memory, so an idle process would keep the buffers of
// the peak.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes that make a peak. */
const PEAK_BYTES = 32 * 1024 * 1024
/** A peak is over at this share of it. */
const CALM_SHARE = 0.25
const LOOK_MS = 1000
/** Looks in a row that find the peak over: sockets that have just ended are not garbage yet. */
const CALM_LOOKS = 5

/** One full collection, which takes some ten milliseconds. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

/**
 * Collects garbage once after each peak.
 *
 * @param heldBytes about how much the clients hold, in queues and otherwise: the most since the last call
 * @returns ends it
 */
export function giveBackAfterPeaks(heldBytes: () => number, collect = collectGarbage, lookMs = LOOK_MS): () => void {
  let peak = 0
  let calm = 0
  const timer = setInterval(() => {
    const bytes = heldBytes()
    peak = Math.max(peak, bytes)
    calm = peak >= PEAK_BYTES && bytes <= peak * CALM_SHARE ? calm + 1 : 0
    if (calm < CALM_LOOKS) return
    peak = 0
    calm = 0
    collect()
  }, lookMs).unref()
  return () => clearInterval(timer)
}
