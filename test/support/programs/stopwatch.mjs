// Preloaded into a process (`--import`): writes how long it took from the first signal to its end, in milliseconds, without
// the time in which it could have run and another one did. To the file that STOPWATCH names. Changes nothing else.
import { readFileSync, writeFileSync } from 'node:fs'

function waitedMs() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

let begun
for (const signal of ['SIGTERM', 'SIGINT'])
  process.on(signal, () => {
    begun ??= { at: performance.now(), waited: waitedMs() }
  })
process.on('exit', () => {
  if (begun !== undefined)
    writeFileSync(process.env.STOPWATCH, String(performance.now() - begun.at - (waitedMs() - begun.waited)))
})
