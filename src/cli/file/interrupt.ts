// Ctrl-C while a file is under way: the transfer is given up in order, then the process ends as one that was interrupted.
// A second Ctrl-C ends it at once.

/** Calls back at SIGINT or SIGTERM; `done` ends the process if that has happened. */
export function onInterrupt(stop: () => void): { readonly done: () => void } {
  let got: NodeJS.Signals | undefined
  const signals = ['SIGINT', 'SIGTERM'] as const
  const listener = (signal: NodeJS.Signals): void => {
    if (got !== undefined) return end(signal)
    got = signal
    stop()
  }
  const end = (signal: NodeJS.Signals): void => {
    for (const each of signals) process.off(each, listener)
    process.kill(process.pid, signal)
  }
  for (const signal of signals) process.on(signal, listener)
  return {
    done: () => {
      if (got === undefined) for (const signal of signals) process.off(signal, listener)
      else end(got)
    }
  }
}
