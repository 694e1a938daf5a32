// What the command `nws` itself can have to say, and the exit codes of the process. Not the errors of the proxy
// (core/errors.ts), which keep their own codes and sentences; and never a channel name, a token or a message.

/** Exit codes, as scripts see them. */
export const EXIT = { ok: 0, error: 1, usage: 2, notRunning: 3, refused: 4, nobody: 5, partial: 6 } as const

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Code → exit code and what to do. docs/CLI.md is compared with it by a test. */
export const cliErrors = {
  NWS_CLI_USAGE: { exit: EXIT.usage, message: 'The command cannot be used like this.' },
  NWS_CLI_URL: {
    exit: EXIT.usage,
    message:
      'The option --url must be an address such as http://localhost:9009, without credentials, query or fragment.'
  },
  NWS_CLI_CHANNEL_NAME: {
    exit: EXIT.usage,
    message: 'A channel name has 1 to 255 characters of A-Z a-z 0-9 + = * . _ - and is neither . nor ..'
  },
  NWS_CLI_CHANNEL_MISSING: {
    exit: EXIT.usage,
    message:
      'Name the channel, or give it with --channel-file <path>, or - to read it from the first line of standard input.'
  },
  NWS_CLI_FILE_EXISTS: {
    exit: EXIT.error,
    message: 'There is a file of this name already: allow --overwrite, or name another place with --output.'
  },
  NWS_CLI_FILE_PART: {
    exit: EXIT.error,
    message:
      'The name of the unfinished file belongs to a link, or to a file of another user: remove that, or choose another folder.'
  },
  NWS_CLI_FILE_CHANGED: { exit: EXIT.error, message: 'The file has changed while it was being sent: send it again.' },
  NWS_CLI_FILE_CHECKSUM: {
    exit: EXIT.error,
    message: 'The checksum is wrong, and what was received was thrown away: receive it again.'
  },
  NWS_CLI_FILE_STOPPED: {
    exit: EXIT.error,
    message:
      'The sender cannot go on with the file. What has come is kept, and the next transfer of the same file goes on from there.'
  },
  NWS_CLI_FILE_PARTIAL: { exit: EXIT.partial, message: 'Not every receiver has got the file.' },
  NWS_CLI_FILE_INCOMPLETE: {
    exit: EXIT.partial,
    message:
      'The other side did not come back within --timeout. What has come is kept, and the next transfer of the same file goes on from there.'
  },
  NWS_CLI_PIPE_PARTIAL: {
    exit: EXIT.partial,
    message: 'The proxy went away while data was under way: some of it may not have arrived.'
  },
  NWS_CLI_PIPE_CUT: {
    exit: EXIT.partial,
    message: 'Everything was sent, but a receiver was cut off or lost its link meanwhile: some of it is missing there.'
  },
  NWS_CLI_SERVICE: { exit: EXIT.error, message: 'The service could not be set up.' },
  NWS_CLI_SERVICE_EXISTS: {
    exit: EXIT.error,
    message: 'A service file that differs is there already: allow --force to replace it.'
  },
  NWS_CLI_SERVICE_PLATFORM: {
    exit: EXIT.error,
    message:
      'Services are known for systemd (Linux) and launchd (macOS) only: start `nws serve` by what this system has.'
  },
  NWS_CLI_OPEN: { exit: EXIT.error, message: 'No browser could be opened: open the address yourself.' },
  NWS_CLI_FILE: { exit: EXIT.error, message: 'A file cannot be read or written.' },
  NWS_CLI_NOT_RUNNING: {
    exit: EXIT.notRunning,
    message: 'No proxy answers at this address: start one with `nws serve`, or name another with --url.'
  },
  NWS_CLI_NOT_A_PROXY: {
    exit: EXIT.notRunning,
    message: 'Something else than Network Web Sockets answers at this address: name the proxy with --url.'
  },
  NWS_CLI_REFUSED: { exit: EXIT.refused, message: 'The proxy refused the connection.' },
  NWS_CLI_LOST: {
    exit: EXIT.error,
    message: 'The connection to the proxy broke off. What was on its way may be lost.'
  },
  NWS_CLI_ANSWER: {
    exit: EXIT.error,
    message: 'The proxy answered in a way that this command does not understand: are both of the same version?'
  },
  NWS_CLI_TIMEOUT: { exit: EXIT.nobody, message: 'Nothing and nobody came within the time of --timeout.' },
  NWS_CLI_NOBODY: {
    exit: EXIT.nobody,
    message: 'Nobody else is in the channel: join it on the other side first, or wait longer with --wait.'
  },
  NWS_CLI_NO_SUCH_PEER: {
    exit: EXIT.nobody,
    message: 'The peer of --to is not in the channel: `nws peers` lists who is there.'
  },
  NWS_CLI_NO_RENDEZVOUS: {
    exit: EXIT.error,
    message: 'The proxy at this address is no rendezvous: start it with NWS_BV=on.'
  }
} as const satisfies Record<string, { exit: ExitCode; message: string }>

/** A code of the command. */
export type CliErrorCode = keyof typeof cliErrors

/** An error that ends the command: code, sentence and exit code. */
export class CliError extends Error {
  readonly code: string
  readonly exit: ExitCode

  /** @param detail appended to the sentence; never a secret */
  constructor(code: CliErrorCode, detail?: string) {
    super(detail === undefined ? cliErrors[code].message : `${cliErrors[code].message} ${detail}`)
    this.name = 'CliError'
    this.code = code
    this.exit = cliErrors[code].exit
  }
}

/** An error that the proxy has answered with, under its own code. */
export class ProxyError extends Error {
  readonly code: string
  readonly exit: ExitCode

  constructor(code: string, message: string, status?: number) {
    super(message)
    this.name = 'ProxyError'
    this.code = code
    this.exit = exitOf(code, status)
  }
}

/** Which exit code an error of the proxy stands for. */
function exitOf(code: string, status: number | undefined): ExitCode {
  if (code === 'NWS_ERR_PEER_NOT_FOUND' || code === 'NWS_ERR_CHANNEL_NOT_FOUND') return EXIT.nobody
  if (code === 'NWS_ERR_SHUTTING_DOWN') return EXIT.notRunning
  if (status === 401 || status === 403 || status === 429) return EXIT.refused
  return /^NWS_ERR_(HOST_NOT|ORIGIN_NOT|CROSS_SITE|TOKEN_|JOIN_REFUSED|CHANNEL_FULL|TOO_MANY|RATE_)/.test(code)
    ? EXIT.refused
    : EXIT.error
}
