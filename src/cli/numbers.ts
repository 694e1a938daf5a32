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
