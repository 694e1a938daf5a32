// The channel of a command: an argument, or the first line of a file or of standard input, so that the name need not be in
// the list of processes.
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { isChannelName } from '../core/channel-name.ts'
import { CliError, fileError } from './errors.ts'
import { readLine } from './input.ts'

export interface ChannelOptions {
  readonly channelFile?: string
}

export function withChannel(command: Command): Command {
  return command
    .argument('[channel]', 'name of the channel; - reads it from the first line of standard input')
    .option('--channel-file <path>', 'read the name from the first line of this file instead')
}

/**
 * Separates the name from the other arguments. With --channel-file there is no name among the arguments.
 *
 * @param values the positional arguments
 * @throws CliError `NWS_CLI_CHANNEL_MISSING`, `NWS_CLI_CHANNEL_NAME`, `NWS_CLI_FILE`, `NWS_CLI_USAGE` for too many arguments
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
      'There is one argument too many: with --channel-file the channel is not an argument.'
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
    throw fileError(path, error)
  }
}
