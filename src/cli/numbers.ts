// Reads numbers in options of commands and checks their bounds.
import { CliError } from './errors.ts'

/** @throws CliError `NWS_CLI_USAGE` with the option and its bounds */
export function numberOf(option: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw new CliError(
    'NWS_CLI_USAGE',
    `${option} takes a number from ${minimum}${maximum === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${maximum}`}.`
  )
}

/** A whole number from 1 on. */
export function countOf(option: string, text: string, maximum: number): number {
  const value = numberOf(option, text, 1, maximum)
  if (Number.isInteger(value)) return value
  throw new CliError('NWS_CLI_USAGE', `${option} takes a whole number.`)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Bytes as `500`, `10M` or `2.5GiB`: units are powers of 1024. @throws CliError `NWS_CLI_USAGE` */
export function bytesOf(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Number(number) * UNITS[(unit ?? '').toLowerCase()]!
  if (Number.isFinite(bytes)) return Math.floor(bytes)
  throw new CliError('NWS_CLI_USAGE', `${option} takes a number of bytes, such as 500M or 2G.`)
}
