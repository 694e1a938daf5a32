// Problems with files and transfers, in the words of the command. The other end gets a code of client/files/errors.ts.
import { FileError, type FileErrorCode } from '../../client/files/errors.ts'
import { CliError, fileError, ProxyError, type CliErrorCode } from '../errors.ts'

/** A transfer that failed at this end, as the receiver's command says it. */
const CODES: Partial<Record<FileErrorCode, CliErrorCode>> = {
  NWS_CLIENT_FILE_DECLINED: 'NWS_CLI_FILE_DECLINED',
  NWS_CLIENT_FILE_TOO_LARGE: 'NWS_CLI_FILE_TOO_LARGE',
  NWS_CLIENT_FILE_NO_SPACE: 'NWS_CLI_FILE_SPACE',
  NWS_CLIENT_FILE_EXISTS: 'NWS_CLI_FILE_EXISTS',
  NWS_CLIENT_FILE_CHECKSUM: 'NWS_CLI_FILE_CHECKSUM',
  NWS_CLIENT_FILE_BROKEN: 'NWS_CLI_FILE_CHECKSUM',
  NWS_CLIENT_FILE_GONE: 'NWS_CLI_FILE_INCOMPLETE',
  NWS_CLIENT_FILE_CHANGED: 'NWS_CLI_FILE_CHANGED',
  NWS_CLIENT_FILE_NOT_WRITTEN: 'NWS_CLI_FILE'
}

/** An error of the file system, with the path of the user's own file. */
export function fileProblem(error: unknown, path: string): CliError {
  return error instanceof CliError ? error : fileError(path, error)
}

/** An error that ended a transfer. */
export function transferProblem(error: unknown): Error {
  if (!(error instanceof FileError)) return error as Error
  const { cause } = error
  if (cause instanceof CliError || cause instanceof ProxyError) return cause
  return new CliError(CODES[error.code] ?? 'NWS_CLI_FILE_STOPPED')
}
