// The process of `npm start`: its exit codes and its last words. src/start.ts runs the proxy.
//
// Exit codes: 0 after a signal, 1 after a failure, 2 for wrong arguments, settings or extensions.
import { NwsError } from './core/errors.ts'
import { limitLookUps } from './platform/look-ups.ts'
import { startProcess } from './start.ts'

const USAGE = 'This program takes no arguments: settings are environment variables, see docs/LIMITS.md.'

/** Ends a failed start. Prints one line for an error that the user can correct, and a stack for a bug. */
function fail(error: unknown): never {
  const isUsage = error instanceof NwsError && /^NWS_ERR_(CONFIG|EXTENSION)_/.test(error.code)
  const text =
    error instanceof NwsError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(isUsage ? 2 : 1)
}

if (process.argv.length > 2) {
  process.stderr.write(`${USAGE}\n`)
  process.exit(2)
}
limitLookUps(process.env)
startProcess(process.env).catch(fail)
