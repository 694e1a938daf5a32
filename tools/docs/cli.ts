// Usage and options of each command, from the commands' own definitions.
import type { Command, Option } from 'commander'
import { flagOf } from '../../src/cli/serve.ts'
import { createProgram, everyCommand } from '../../src/cli/program.ts'
import { settingNames } from '../../src/core/settings.ts'
import { cell, code, table } from './markdown.ts'

/** Options that this many commands share are listed once. */
const COMMON = 4

/** The words of a command after `nws`. */
export function pathOf(command: Command): string {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** Commands that do something, by their words. */
function commandPaths(): Map<string, Command> {
  const commands = everyCommand(createProgram()).filter(({ parent, commands }) => parent && commands.length === 0)
  return new Map(commands.map(command => [pathOf(command), command]))
}

function textOf({ flags, description, defaultValue, argChoices }: Option): readonly string[] {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`
  const initial = defaultValue === undefined || defaultValue === true ? '' : ` (default: ${code(String(defaultValue))})`
  return [code(flags), `${cell(`${description}${choices}`)}${initial}`]
}

/** The blocks of this file. */
export function cliBlocks(): Record<string, string> {
  const commands = commandPaths()
  const settingFlags = new Set(settingNames.map(flagOf))
  const options = new Map(
    Array.from(commands, ([path, { options }]) => [path, options.filter(({ long }) => !settingFlags.has(long ?? ''))])
  )
  const uses = new Map<string, number>()
  for (const option of [...options.values()].flat()) {
    const row = textOf(option).join(' ')
    uses.set(row, (uses.get(row) ?? 0) + 1)
  }
  const isCommon = (option: Option): boolean => uses.get(textOf(option).join(' '))! >= COMMON
  const common = new Map(
    [...options.values()]
      .flat()
      .filter(isCommon)
      .map(option => [option.flags, textOf(option)])
  )

  const blocks: Record<string, string> = { 'cli common options': table(['option', 'meaning'], common.values()) }
  for (const [path, command] of commands) {
    const all = options.get(path)!
    const shared = all.filter(isCommon).map(({ flags }) => `[${flags}]`)
    const words = command.registeredArguments.map(argument => {
      const word = `${argument.name()}${argument.variadic ? '...' : ''}`
      return argument.required ? `<${word}>` : `[${word}]`
    })
    const own = all.filter(option => !isCommon(option))
    const usage = ['nws', path, ...(own.length === 0 ? [] : ['[options]']), ...shared, ...words].join(' ')
    const rows = [
      ...command.registeredArguments
        .filter(({ description }) => description !== '')
        .map(argument => [
          code(argument.name()),
          cell(
            `${argument.description}${argument.argChoices === undefined ? '' : `: ${argument.argChoices.join(', ')}`}`
          )
        ]),
      ...own.map(textOf)
    ]
    blocks[`cli ${path}`] = [
      `\`\`\`text\n${usage}\n\`\`\``,
      ...(rows.length === 0 ? [] : [table(['argument or option', 'meaning'], rows)])
    ].join('\n\n')
  }
  return blocks
}
