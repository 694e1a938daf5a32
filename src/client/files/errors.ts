// Why a transfer failed: codes that go over the wire, with a sentence for each. A user reads the sentence of this end, never a
// text of the other end.

/** Code → what happened. A receiver or a sender says the code; both ends show the sentence. */
export const fileErrors = {
  NWS_CLIENT_FILE_DECLINED: 'The receiver does not want the file.',
  NWS_CLIENT_FILE_TOO_LARGE: 'The file is larger than the receiver allows.',
  NWS_CLIENT_FILE_NO_SPACE: 'The receiver has no space left for the file.',
  NWS_CLIENT_FILE_EXISTS: 'The receiver has a file of this name already.',
  NWS_CLIENT_FILE_NOT_WRITTEN: 'The receiver cannot write the file.',
  NWS_CLIENT_FILE_CHECKSUM: 'The file arrived damaged, and the receiver threw it away.',
  NWS_CLIENT_FILE_CANCELLED: 'The transfer was cancelled.',
  NWS_CLIENT_FILE_GONE: 'The other end left and did not come back in time.',
  NWS_CLIENT_FILE_NO_ANSWER: 'The peer does not take files.',
  NWS_CLIENT_FILE_TOO_MANY: 'Too many offers wait for an answer there.',
  NWS_CLIENT_FILE_TOO_LATE: 'The beginning of this stream is gone: send it again.',
  NWS_CLIENT_FILE_CHANGED: 'The file changed while it was sent.',
  NWS_CLIENT_FILE_UNREADABLE: 'The sender cannot read the file.',
  NWS_CLIENT_FILE_BROKEN: 'The other end broke the rules of the transfer.',
  NWS_CLIENT_FILE_OVER: 'The offer is over.'
} as const

/** A code of a transfer. */
export type FileErrorCode = keyof typeof fileErrors

/** Whether a value is a code of a transfer. */
export function isFileErrorCode(value: unknown): value is FileErrorCode {
  return typeof value === 'string' && Object.hasOwn(fileErrors, value)
}

/** Ends a transfer. */
export class FileError extends Error {
  readonly code: FileErrorCode

  constructor(code: FileErrorCode, options?: ErrorOptions) {
    super(fileErrors[code], options)
    this.name = 'FileError'
    this.code = code
  }
}

/** The error itself if it has a code of a transfer, otherwise one with this code. */
export function asFileError(error: unknown, code: FileErrorCode): FileError {
  return error instanceof FileError ? error : new FileError(code, { cause: error })
}
