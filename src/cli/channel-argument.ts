// The channel that a command is about: an argument, or, so that it need not stand in a list of processes, the first
// line of a file or of standard input. Not its grammar (core/channel-name.ts).
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { isChannelName } from '../core/channel-name.ts'
import { CliError } from './errors.ts'
import { readLine } from './input.ts'

/** Options of every command about a channel. */
export interface ChannelOptions {
  readonly channelFile?: string
}

/** Adds the argument and the option. */
export function withChannel(command: Command): Command {
  return command
    .argument('[channel]', 'its name; - reads it from the first line of standard input')
    .option('--channel-file <path>', 'read the name from the first line of a file instead')
}

/**
 * Tells the name from the other arguments: with --channel-file, the first argument is one of those.
 *
 * @param values the positional arguments
 * @throws CliError `NWS_CLI_CHANNEL_MISSING`, `NWS_CLI_CHANNEL_NAME`, `NWS_CLI_FILE`, `NWS_CLI_USAGE` for one argument too many
 */
export async function takeChannel(
  values: readonly (string | undefined)[],
  { channelFile }: ChannelOptions
): Promise<{ name: string; rest: (string | undefined)[] }> {
  if (channelFile === undefined) {
    const [first, ...rest] = values
    if (first === undefined) throw new CliError('NWS_CLI_CHANNEL_MISSING')
    return { name: checked(first === '-' ? await readLine() : first), rest }
  }
  if (values.at(-1) !== undefined)
    throw new CliError(
      'NWS_CLI_USAGE',
      'There is an argument too many: with --channel-file the channel is not named again.'
    )
  return { name: checked(channelFile === '-' ? await readLine() : lineOfFile(channelFile)), rest: values.slice(0, -1) }
}

function checked(name: string): string {
  if (!isChannelName(name)) throw new CliError('NWS_CLI_CHANNEL_NAME')
  return name
}

function lineOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/, 1)[0]!.trim()
  } catch (error) {
    throw new CliError('NWS_CLI_FILE', `--channel-file: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}.`)
  }
}
