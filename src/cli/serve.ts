// `nws serve`: a proxy in this process. Every setting is a flag, made from the schema; a flag goes before its variable.
// Not the start itself (start.ts above).
import { Command, Option } from 'commander'
import { ruleOf, settingNames, variableOf } from '../core/settings-check.ts'
import type { SettingName } from '../core/settings-check.ts'

/** `--max-message-bytes` for `maxMessageBytes`. */
export function flagOf (name: SettingName): string {
  return `--${variableOf(name).slice('NWS_'.length).toLowerCase().replaceAll('_', '-')}`
}

function optionOf (name: SettingName): Option {
  const { type, enum: choices, default: initial, description } = ruleOf(name)
  const value = choices === undefined ? { integer: 'number', boolean: 'true|false', array: 'list', string: 'text' }[type ?? 'string'] : choices.join('|')
  const shown = Array.isArray(initial) || initial === '' ? '' : ` (default: ${String(initial)})`
  return new Option(`${flagOf(name)} <${value}>`, `${description}${shown}`)
}

/** The command. */
export function serveCommand (): Command {
  const command = new Command('serve')
    .description('run a proxy until it is ended; every flag is also a variable, such as NWS_PORT')
    .addHelpText('after', '\nA token given as a flag can be read in the list of processes: NWS_API_TOKEN cannot.')
  for (const name of settingNames) command.addOption(optionOf(name))
  return command.action(async (flags: Partial<Record<SettingName, string>>) => {
    const environment = { ...process.env }
    for (const name of settingNames) if (flags[name] !== undefined) environment[variableOf(name)] = flags[name]
    const { startProcess } = await import('../start.ts')
    await startProcess(environment)
  })
}
