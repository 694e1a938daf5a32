// The shell between npm and this process: `npm start` runs its script by one, passes SIGTERM and SIGINT on to that alone,
// and a shell that was ended by them (dash, for one) passes nothing on. Only for npm: a process that another starter
// runs in the background may well outlive it.

/** How often the parent is looked at, milliseconds. */
const INTERVAL_MS = 250

/**
 * Watches whether the shell of this package's own `npm start` is still there. Windows never shows that it is not.
 *
 * @param gone called once, when it is not
 * @returns ends the watching
 */
export function watchNpmShell(environment: Readonly<Record<string, string | undefined>>, gone: () => void): () => void {
  if (environment['npm_lifecycle_event'] !== 'start' || environment['npm_package_name'] !== 'networkwebsockets')
    return () => {}
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    gone()
  }, INTERVAL_MS).unref()
  return () => clearInterval(timer)
}
