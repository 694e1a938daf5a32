// Reports an error: one line on standard error and an exit code. errors.ts has the codes.
import { CommanderError } from 'commander'
import { NwsError } from '../core/errors.ts'
import { CliError, EXIT, ProxyError, type ExitCode } from './errors.ts'
import { note, printable, styled } from './output.ts'

/** Writes the error, unless it is already written, and returns the exit code. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage // Written already.
  if (error instanceof CliError || error instanceof ProxyError) {
    note(`${styled(error.code, 'red')}: ${printable(error.message)}`)
    if (error instanceof ProxyError && error.help !== undefined) note(styled(`→ ${error.help}`, 'dim'))
    return error.exit
  }
  if (error instanceof NwsError) {
    note(`${styled(error.code, 'red')}: ${error.message}`)
    return /^NWS_ERR_(CONFIG|EXTENSION)_/.test(error.code) ? EXIT.usage : EXIT.error
  }
  note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return EXIT.error
}
