// From an error to one line on standard error and an exit code. Not the codes themselves (errors.ts).
import { CommanderError } from 'commander'
import { NwsError } from '../core/errors.ts'
import { CliError, EXIT, ProxyError, type ExitCode } from './errors.ts'
import { note, printable, styled } from './output.ts'

/** Writes what is wrong, unless that has been done, and gives the exit code. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage // It has said so already.
  if (error instanceof CliError || error instanceof ProxyError) {
    note(`${styled(error.code, 'red')}: ${printable(error.message)}`)
    return error.exit
  }
  if (error instanceof NwsError) {
    note(`${styled(error.code, 'red')}: ${error.message}`)
    return /^NWS_ERR_(CONFIG|EXTENSION)_/.test(error.code) ? EXIT.usage : EXIT.error
  }
  note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return EXIT.error
}
