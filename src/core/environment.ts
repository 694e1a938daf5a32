// Settings from environment variables: `NWS_MAX_MESSAGE_BYTES` and so on. Not the environment itself (the process hands
// it in), not the rules for values (settings-check.ts).
//
// Integers are strictly decimal, without sign, leading zero or blank. Booleans are true or false, or on or off. Lists
// are separated by commas, blanks around entries do not count. A variable that is empty is as good as not set.
// `NWS_X_…` belongs to extensions.
import { NwsError } from './errors.ts'
import type { Settings } from './settings.ts'
import {
  completeSettings,
  nearMiss,
  ruleOf,
  settingNames,
  variableOf,
  wrongValue,
  type SettingName
} from './settings-check.ts'

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['false', false],
  ['off', false]
])

const KUBERNETES =
  ' It looks like a service link of Kubernetes: set enableServiceLinks: false in the pod, or name the service otherwise than nws.'

const names: ReadonlyMap<string, SettingName> = new Map(settingNames.map(name => [variableOf(name), name]))

/** The value that a variable's text stands for. */
function parse(name: SettingName, text: string): unknown {
  const { type } = ruleOf(name)
  const fail = (): NwsError =>
    wrongValue(name, variableOf(name), text, /^(tcp|udp|sctp):\/\//.test(text) ? KUBERNETES : '')
  if (type === 'integer') {
    if (!/^(0|[1-9][0-9]*)$/.test(text)) throw fail()
    const number = Number(text)
    if (!Number.isSafeInteger(number)) throw fail()
    return number
  }
  if (type === 'boolean') {
    const value = BOOLEANS.get(text)
    if (value === undefined) throw fail()
    return value
  }
  if (type === 'array') {
    const entries = text.split(',').map(entry => entry.trim())
    if (entries.includes('')) throw fail()
    return entries
  }
  return text
}

/**
 * The settings that an environment describes.
 *
 * @param environment all variables; those that do not begin with `NWS_` are not looked at
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`; the message is one line
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

/** Names no value: what stands in a variable with a slip in its name may be the token. */
function unknownVariable(variable: string): NwsError {
  const shown = variable.replace(/[^\x21-\x7e]/g, '?').slice(0, 80)
  if (/^NWS_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))/.test(variable))
    return new NwsError('NWS_ERR_CONFIG_UNKNOWN', `${shown} is unknown.${KUBERNETES}`)
  const near = nearMiss(variable, [...names.keys()])
  return new NwsError(
    'NWS_ERR_CONFIG_UNKNOWN',
    `${shown} is unknown${near === undefined ? '; variables of extensions begin with NWS_X_.' : `: did you mean ${near}?`}`
  )
}
