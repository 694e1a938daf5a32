// Times that tests hold against a promise, on a machine that has other things to do as well: without the time in which
// this process could have run and another one did. Not a benchmark.
import { readFileSync } from 'node:fs'

/** Milliseconds for which this process has waited for a processor; 0 where the system does not tell. */
function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** Starts now; each call gives the milliseconds since. */
export function startStopwatch(): () => number {
  const started = performance.now()
  const waited = waitedMs()
  return () => performance.now() - started - (waitedMs() - waited)
}
