// The process: reads the environment, listens, ends gracefully. Not the program's wiring (src/app.ts).
//
// Exit codes: 0 after a signal; 1 failed; 2 wrong usage: arguments, settings, extensions.
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { readSettings } from './core/environment.ts'
import { NwsError } from './core/errors.ts'
import { requestSerializer } from './plugins/guarded-scope/server-options.ts'

const USAGE = 'This program takes no arguments: settings are environment variables, see docs/LIMITS.md.'

/** Ends a start that went wrong, with one line for what the user can set right. */
function fail (error: unknown): never {
  const isUsage = error instanceof NwsError && /^NWS_ERR_(CONFIG|EXTENSION)_/.test(error.code)
  const text = error instanceof NwsError ? `${error.code}: ${error.message}` : error instanceof Error ? error.stack ?? error.message : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(isUsage ? 2 : 1)
}

async function start (): Promise<void> {
  const settings = readSettings(process.env)
  const app = await buildApp(settings, { level: settings.logLevel, serializers: { req: requestSerializer } })
  await app.listener.listen()
  closeWithGrace({
    delay: settings.shutdownTimeoutMs,
    onSecondSignal: () => {},
    onTimeout: () => app.log.error('closing took longer than NWS_SHUTDOWN_TIMEOUT_MS')
  }, async ({ err }) => {
    if (err !== undefined) app.log.fatal({ err }, 'the proxy made a mistake and ends')
    await app.close()
  })
}

if (process.argv.length > 2) {
  process.stderr.write(`${USAGE}\n`)
  process.exit(2)
}
start().catch(fail)
