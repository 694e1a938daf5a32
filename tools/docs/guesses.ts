// How long it takes to guess a channel's name, from the budgets of the code.
import { budgets } from '../../src/core/link/constants.ts'
import { completeSettings } from '../../src/core/settings-check.ts'
import { table } from './markdown.ts'

/** Tries that an attacker has: at once, and per second after that. */
interface Budget {
  readonly burst: number
  readonly perSecond: number
}

const NAMES: readonly (readonly [words: string, count: number])[] = [
  ['10 000 words', 10_000],
  ['2^20, a common word and three digits', 2 ** 20],
  ['2^30, six random small letters and digits', 2 ** 30],
  ['2^40, eight random small letters and digits', 2 ** 40]
]
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['years', 365.25 * 86_400],
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60]
]

function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ['seconds', 1]
  const value = seconds / size
  return seconds === 0 ? 'at once' : `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`
}

const timeFor = (words: number, { burst, perSecond }: Budget): string =>
  duration(Math.max(0, words - burst) / perSecond)

/** The blocks of this file. */
export function guessBlocks(): Record<string, string> {
  const { newChannelsPerOriginBurst, newChannelsPerOriginPerSecond } = completeSettings({})
  const link = { burst: budgets.guessBurst, perSecond: budgets.guessPerSecond }
  const page = { burst: newChannelsPerOriginBurst, perSecond: newChannelsPerOriginPerSecond }
  return {
    guesses: [
      table(
        ['attacker', 'guesses at once', 'then per second'],
        [
          ['over links, per proxy and guessable name', String(link.burst), String(link.perSecond)],
          [
            'over links, per proxy, for all strong names together',
            String(budgets.cpuBurst),
            String(budgets.cpuPerSecond)
          ],
          ['a page on this machine, per origin', String(page.burst), String(page.perSecond)]
        ]
      ),
      'That gives these times:',
      table(
        ['the name is one of', 'over links, all of them', 'over links, on average', 'by a page, all of them'],
        NAMES.map(([words, count]) => [words, timeFor(count, link), timeFor(count / 2, link), timeFor(count, page)])
      )
    ].join('\n\n')
  }
}
