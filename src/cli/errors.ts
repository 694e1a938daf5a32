// The errors of the command `nws` and its exit codes. Errors of the proxy (core/errors.ts) keep their own codes and
// sentences. No error has a channel name, a token or a message in it.

/** Exit codes of the process. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notRunning: 3,
  refused: 4,
  nobody: 5,
  partial: 6,
  interrupted: 130
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Code → exit code and sentence. docs/CLI.md lists them. */
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
      'Name the channel, give a file with --channel-file <path>, or use - to read the name from the first line of standard input.'
  },
  NWS_CLI_FILE_EXISTS: {
    exit: EXIT.error,
    message: 'A file or folder of this name exists already.'
  },
  NWS_CLI_FILE_PART: {
    exit: EXIT.error,
    message:
      'The name of the unfinished file belongs to a link, or to a file of another user: remove that, or choose another folder.'
  },
  NWS_CLI_FILE_CHANGED: { exit: EXIT.error, message: 'The file changed while it was sent: send it again.' },
  NWS_CLI_FILE_CHECKSUM: {
    exit: EXIT.error,
    message: 'The bytes that came do not match what the sender announced, and were thrown away: receive it again.'
  },
  NWS_CLI_FILE_DECLINED: { exit: EXIT.error, message: 'You did not want the files. The sender was told.' },
  NWS_CLI_FILE_TOO_LARGE: { exit: EXIT.error, message: 'The files are larger than --max-size allows.' },
  NWS_CLI_FILE_SPACE: { exit: EXIT.error, message: 'The disk has not enough free space for the files.' },
  NWS_CLI_FILE_STOPPED: { exit: EXIT.error, message: 'The sender stopped the transfer.' },
  NWS_CLI_FILE_REFUSED: { exit: EXIT.error, message: 'No receiver took the files.' },
  NWS_CLI_FILE_PARTIAL: { exit: EXIT.partial, message: 'Not every receiver has everything.' },
  NWS_CLI_FILE_INCOMPLETE: {
    exit: EXIT.partial,
    message:
      'The other end did not come back within --timeout. The next transfer of the same files goes on where this one ended.'
  },
  NWS_CLI_DOC_PACKAGES: {
    exit: EXIT.error,
    message:
      'Documents need two more packages beside this one: npm install yjs y-protocols, with -g if this one was installed so.'
  },
  NWS_CLI_DOC_DIFFERS: {
    exit: EXIT.error,
    message:
      'The file and the document of the channel have different contents: choose with --prefer file or --prefer document.'
  },
  NWS_CLI_DOC_CONTENT: { exit: EXIT.error, message: 'The file must be UTF-8 text, and with JSON one JSON object.' },
  NWS_CLI_PIPE_PARTIAL: {
    exit: EXIT.partial,
    message: 'The connection to the proxy was lost during the transfer: some data may be missing.'
  },
  NWS_CLI_PIPE_CUT: {
    exit: EXIT.partial,
    message: 'Everything was sent, but a receiver was cut off or lost its link: some data is missing there.'
  },
  NWS_CLI_PIPE_READER: {
    exit: EXIT.partial,
    message: 'The reader of standard output ended before the end of the input: the rest was not sent.'
  },
  NWS_CLI_PIPE_LINE: {
    exit: EXIT.error,
    message: 'A line is longer than 64 MiB, which is more than a message can have: send it without --text.'
  },
  NWS_CLI_OUTPUT: { exit: EXIT.error, message: 'Standard output cannot be written.' },
  NWS_CLI_SERVICE: { exit: EXIT.error, message: 'The service could not be set up.' },
  NWS_CLI_SERVICE_EXISTS: {
    exit: EXIT.error,
    message: 'A different service file exists already: replace it with --force.'
  },
  NWS_CLI_SERVICE_PLATFORM: {
    exit: EXIT.error,
    message:
      'Services work with systemd (Linux) and launchd (macOS) only: start `nws serve` with the tools of this system.'
  },
  NWS_CLI_OPEN: { exit: EXIT.error, message: 'No browser could be opened: open the address yourself.' },
  NWS_CLI_FILE: { exit: EXIT.error, message: 'A file cannot be read or written.' },
  NWS_CLI_NOT_RUNNING: {
    exit: EXIT.notRunning,
    message: 'No proxy answers at this address: start one with `nws serve`, or name another with --url.'
  },
  NWS_CLI_NOT_A_PROXY: {
    exit: EXIT.notRunning,
    message: 'Another program answers at this address: name the proxy with --url.'
  },
  NWS_CLI_REFUSED: { exit: EXIT.refused, message: 'The proxy refused the connection.' },
  NWS_CLI_LOST: {
    exit: EXIT.error,
    message: 'The connection to the proxy was lost, and maybe data that was on its way.'
  },
  NWS_CLI_ANSWER: {
    exit: EXIT.error,
    message: 'This command does not understand the answer of the proxy: do both have the same version?'
  },
  NWS_CLI_TIMEOUT: { exit: EXIT.nobody, message: 'Nothing arrived within --timeout.' },
  NWS_CLI_NOBODY: {
    exit: EXIT.nobody,
    message: 'No other peer is in the channel: join it on the other side first, or wait longer with --wait.'
  },
  NWS_CLI_NO_SUCH_PEER: {
    exit: EXIT.nobody,
    message: 'The peer of --to is not in the channel: `nws peers` lists its peers.'
  },
  NWS_CLI_NO_RENDEZVOUS: {
    exit: EXIT.error,
    message: 'The proxy at this address is not a rendezvous: start it with NWS_BV=on.'
  }
} as const satisfies Record<string, { exit: ExitCode; message: string }>

export type CliErrorCode = keyof typeof cliErrors

export class CliError extends Error {
  readonly code: string
  readonly exit: ExitCode

  /** @param detail a sentence after the first one; never a secret */
  constructor(code: CliErrorCode, detail?: string) {
    super(detail === undefined ? cliErrors[code].message : `${cliErrors[code].message} ${detail}`)
    this.name = 'CliError'
    this.code = code
    this.exit = cliErrors[code].exit
  }
}

/** The error for a failed file operation: it names the file and the code of the system. */
export function fileError(path: string, error: unknown): CliError {
  const { path: failed = path, code = 'unknown error' } = error as NodeJS.ErrnoException
  return new CliError('NWS_CLI_FILE', `(${failed}: ${code})`)
}

export class ProxyError extends Error {
  readonly code: string
  readonly exit: ExitCode

  /** Address of the page about the error, if the proxy named one. */
  readonly help: string | undefined

  constructor(code: string, message: string, status?: number, help?: string) {
    super(code === 'NWS_ERR_TOKEN_REQUIRED' ? 'The proxy asks for its token: set NWS_API_TOKEN to it.' : message)
    this.name = 'ProxyError'
    this.code = code
    this.help = help
    this.exit = exitOf(code, status)
  }
}

function exitOf(code: string, status: number | undefined): ExitCode {
  if (code === 'NWS_ERR_PEER_NOT_FOUND' || code === 'NWS_ERR_CHANNEL_NOT_FOUND') return EXIT.nobody
  if (code === 'NWS_ERR_SHUTTING_DOWN') return EXIT.notRunning
  if (status === 401 || status === 403 || status === 429) return EXIT.refused
  return /^NWS_ERR_(HOST_NOT|ORIGIN_NOT|CROSS_SITE|TOKEN_|JOIN_REFUSED|CHANNEL_FULL|TOO_MANY|RATE_)/.test(code)
    ? EXIT.refused
    : EXIT.error
}
