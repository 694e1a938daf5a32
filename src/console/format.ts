// Writes numbers, times and ids for people. Pure.
import { friendlyWords } from '../core/friendly-words.ts'

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

export const count = (value: number) => number.format(value)

/** @param value how many @param one the noun */
export const plural = (value: number, one: string, many: string = `${one}s`) =>
  `${number.format(value)} ${value === 1 ? one : many}`

export const rate = (perSecond: number) =>
  perSecond > 0 && perSecond < 10 ? fine.format(perSecond) : number.format(perSecond)

/** A rate of messages in words. @param value per second */
export const perSecond = (value: number) => `${rate(value)} ${rate(value) === '1' ? 'message' : 'messages'}/s`

export function bytes(value: number) {
  if (value < 1000) return plural(value, 'byte')
  const step = Math.min(3, Math.floor(Math.log10(value) / 3))
  return `${fine.format(value / 1000 ** step)} ${['', 'kB', 'MB', 'GB'][step]}`
}

export function duration(seconds: number) {
  if (seconds < 60) return `${Math.floor(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return plural(Math.floor(seconds / 86_400), 'day')
}

export const time = (date: Date) => clock.format(date)

/** Two friendly words for an id. */
export const short = friendlyWords

/** A channel name that fits into a line of a drawing. */
export const shortName = (name: string, length: number = 18) =>
  name.length <= length ? name : `${name.slice(0, length - 5)}…${name.slice(-4)}`

/** A hue in degrees for a text. It is the same on every page. */
export function hue(text: string) {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % 360
}
