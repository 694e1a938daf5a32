// The tables of settings, a table for each group, from the rows of the settings and the catalogue of errors.
import { catalogue, type ErrorDefinition } from '../../src/core/errors.ts'
import { allowedBy } from '../../src/core/settings-check.ts'
import {
  defaultOf,
  settingGroups,
  settingNames,
  settingRows,
  variableOf,
  type SettingName
} from '../../src/core/settings.ts'
import { cell, code, table } from './markdown.ts'

/** Errors whose sentence names a setting, with the code that a client sees. */
function errorsOf(name: SettingName): string {
  const variable = new RegExp(`\\b${variableOf(name)}\\b`)
  return Object.entries<ErrorDefinition>(catalogue)
    .filter(([, { message }]) => variable.test(message))
    .map(
      ([error, { status, close }]) => `${code(error)} (${close === undefined ? `HTTP ${status}` : `close ${close}`})`
    )
    .join(', ')
}

function groupTable(group: string): string {
  const isLimit = group === 'limits' || group === 'times'
  return table(
    ['variable', 'default', 'allowed', 'meaning', ...(isLimit ? ['error'] : [])],
    settingNames
      .filter(name => settingRows[name].group === group)
      .map(name => [
        code(variableOf(name)),
        defaultOf(name) || '–',
        cell(allowedBy(settingRows[name].schema).replace('a whole number from', 'from')),
        cell(settingRows[name].doc),
        ...(isLimit ? [errorsOf(name) || '–'] : [])
      ])
  )
}

/** The blocks of this file. */
export function settingBlocks(): Record<string, string> {
  return {
    settings: Object.entries(settingGroups)
      .map(([group, title]) => `### ${title}\n\n${groupTable(group)}`)
      .join('\n\n')
  }
}
