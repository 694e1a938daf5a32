// Settings from environment variables. The process hands the environment in; settings-check.ts judges the values.
//
// Integers are decimal digits without sign, leading zero or blank. Lists are separated by commas; blanks around an entry
// do not count. An empty variable counts as not set. `NWS_X_…` belongs to extensions.
import { NwsError } from './errors.ts'
import { completeSettings, KUBERNETES, nearMiss } from './settings-check.ts'
import { settingNames, settingRows, variableOf, type SettingName, type Settings } from './settings.ts'

const names: ReadonlyMap<string, SettingName> = new Map(settingNames.map(name => [variableOf(name), name]))

/** The value of a variable. A text that cannot be one stays as it was typed, so that the message quotes it. */
function parse(name: SettingName, text: string): unknown {
  const { type } = settingRows[name].schema as { type?: string }
  if (type === 'integer')
    return /^(0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text
  if (type === 'array') {
    const entries = text.split(',').map(entry => entry.trim())
    return entries.includes('') ? text : entries
  }
  return text
}

/**
 * The settings that an environment describes.
 *
 * @param environment all variables; only those that begin with `NWS_` count
 * @throws NwsError as `completeSettings`
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given: Record<string, unknown> = {}
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('NWS_') || variable.startsWith('NWS_X_') || text === undefined || text === '') continue
    const name = names.get(variable)
    if (name === undefined) throw unknownVariable(variable)
    given[name] = parse(name, text)
  }
  return completeSettings(given, variableOf)
}

/** The error names no value: a variable with a slip in its name may hold the token. */
function unknownVariable(variable: string): NwsError {
  const shown = variable.replace(/[^\x21-\x7e]/g, '?').slice(0, 80)
  const near = nearMiss(variable, [...names.keys()])
  const hint = /^NWS_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))/.test(variable)
    ? `.${KUBERNETES}`
    : variable === 'NWS_WORKERS'
      ? ': use the flag --workers of nws serve.'
      : near === undefined
        ? '; variables of extensions begin with NWS_X_.'
        : `: did you mean ${near}?`
  return new NwsError('NWS_ERR_CONFIG_UNKNOWN', `${shown} is unknown${hint}`)
}
