// Tables of numbers that source files export. The words are the comments above the numbers, in the source.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { remoteTableLimits, remoteTableTimings } from '../../src/core/dns-sd/constants.ts'
import * as linkConstants from '../../src/core/link/constants.ts'
import { cell, code, table } from './markdown.ts'
import { root } from './pages.ts'

type Numbers = Readonly<Record<string, number | readonly number[]>>

/** Names of a source that share one comment, and the comment. */
interface Group {
  readonly names: string[]
  readonly comment: string
}

/** Exported constants and members of interfaces, in the order of the source. */
function groupsOf(source: string): Group[] {
  const groups: Group[] = []
  let comment: string[] | undefined
  for (const line of source.split('\n')) {
    const [, opening, text, closing] = /^\s*(\/\*\*)?\s*\*? ?(.*?)\s*(\*\/)?$/.exec(line)!
    if (opening !== undefined) comment = []
    if (comment !== undefined) {
      if (text !== '') comment.push(text!)
      if (closing !== undefined) {
        groups.push({ names: [], comment: comment.join(' ') })
        comment = undefined
      }
      continue
    }
    const [, name] =
      /^(?:export const (\w+) = |\s+(?:readonly )?(\w+): (?:number|readonly ))/.exec(line)?.filter(Boolean) ?? []
    if (name !== undefined) groups.at(-1)?.names.push(name)
    else groups.push({ names: [], comment: '' }) // Anything else ends what a comment is about.
  }
  return groups.filter(({ names }) => names.length > 0)
}

/** One table of the numbers that have these names, as a source describes them. */
function numberTable(source: string, numbers: Numbers): string {
  const shown = (name: string): string => [numbers[name]!].flat().join(', ')
  const rows = groupsOf(readFileSync(join(root, source), 'utf8')).flatMap(({ names, comment }) => {
    const known = names.filter(name => Object.hasOwn(numbers, name))
    return known.length === 0
      ? []
      : [[known.map(code).join(', '), known.map(shown).join(', '), cell(comment.replace(/\.$/, ''))]]
  })
  const missing = Object.keys(numbers).length - rows.reduce((sum, [names]) => sum + names!.split(', ').length, 0)
  if (missing !== 0) throw new Error(`${source}: ${missing} numbers have no line of their own.`)
  return table(['name', 'value', 'meaning'], rows)
}

/** The exports of a module that are numbers, and those of its exported tables of numbers. */
function numbersOf(module: Readonly<Record<string, unknown>>): Numbers {
  const numbers: Record<string, number> = {}
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === 'number') numbers[name] = value
    else if (typeof value === 'object' && value !== null) Object.assign(numbers, value)
  }
  return numbers
}

/** The blocks of this file. */
export function numberBlocks(): Record<string, string> {
  return {
    'link numbers': numberTable('src/core/link/constants.ts', numbersOf({ ...linkConstants })),
    'discovery numbers': numberTable('src/core/dns-sd/constants.ts', {
      ...remoteTableLimits,
      ...remoteTableTimings
    })
  }
}
