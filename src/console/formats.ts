// What a message is: text, JSON or bytes. Reads what a user writes, compares values, and finds numbers in them. Pure.

import type { Payload } from './timeline/entry.ts'

export type Format = 'text' | 'json' | 'hex'

/** What a user has written, ready to be sent. */
export type Written = { readonly problem: string } | Payload

/** Most differences and numbers that are told of one value. */
const MAX_PARTS = 100
/** Deepest part that is looked at. */
const MAX_DEPTH = 12

export function readWritten(text: string, format: Format): Written {
  switch (format) {
    case 'json':
      try {
        JSON.parse(text)
        return { type: 'json', text: text.trim() }
      } catch (error) {
        return { problem: `This is not JSON. ${error instanceof Error ? error.message : ''}` }
      }
    case 'hex': {
      const digits = text.replaceAll(/0x|[\s:,]/g, '')
      if (/[^0-9a-f]/i.test(digits)) return { problem: 'Hex has the digits 0 to 9 and a to f.' }
      if (digits.length % 2 === 1) return { problem: 'Hex has two digits for each byte. One digit is missing.' }
      return { type: 'binary', bytes: Uint8Array.from(digits.match(/../g) ?? [], byte => Number.parseInt(byte, 16)) }
    }
    default:
      return { type: 'text', text }
  }
}

/** Whether a text could be taken for a JSON value: without a mark `7` looks like the text `"7"`. */
export function looksLikeJson(text: string): boolean {
  if (!/^\s*(?:["[{]|-?\d|(?:true|false|null)\s*$)/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The type of a JSON text. */
export function typeOf(json: string): string {
  switch (json.trimStart()[0]) {
    case '{':
      return 'object'
    case '[':
      return 'array'
    case '"':
      return 'text'
    case 't':
    case 'f':
      return 'boolean'
    case 'n':
      return 'null'
    default:
      return 'number'
  }
}

export interface Token {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'mark'
  readonly text: string
}

/** The parts of a JSON text, without blanks. Numbers stay as they are: a parser would round them. */
export function* tokensOf(json: string): Generator<Token> {
  for (const [, key, string, number, word, mark] of json.matchAll(
    /("(?:\\.|[^"\\])*")(?=\s*:)|("(?:\\.|[^"\\])*")|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:])/g
  )) {
    if (key !== undefined) yield { kind: 'key', text: key }
    else if (string !== undefined) yield { kind: 'string', text: string }
    else if (number !== undefined) yield { kind: 'number', text: number }
    else if (word !== undefined) yield { kind: 'word', text: word }
    else if (mark !== undefined) yield { kind: 'mark', text: mark }
  }
}

const isGroup = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The name of a part below another. */
const below = (path: string, name: string, isList: boolean): string =>
  isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`

export interface Difference {
  readonly path: string
  /** JSON texts. Undefined: not present. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** The parts in which two values differ. */
export function differences(before: unknown, after: unknown, path = '', depth = 0): Difference[] {
  if (isGroup(before) && isGroup(after) && Array.isArray(before) === Array.isArray(after) && depth < MAX_DEPTH) {
    const found: Difference[] = []
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (found.length >= MAX_PARTS) break
      found.push(
        ...differences(
          Object.hasOwn(before, name) ? before[name] : undefined,
          Object.hasOwn(after, name) ? after[name] : undefined,
          below(path, name, Array.isArray(after)),
          depth + 1
        )
      )
    }
    return found
  }
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)] as (string | undefined)[]
  return one === other ? [] : [{ path, before: one, after: other }]
}

/** The numbers of a value, by their paths. */
export function numbersIn(value: unknown, path = '', depth = 0): Map<string, number> {
  const found = new Map<string, number>()
  if (typeof value === 'number') found.set(path, value)
  if (!isGroup(value) || depth >= MAX_DEPTH) return found
  for (const [name, part] of Object.entries(value)) {
    if (found.size >= MAX_PARTS) break
    for (const [inner, number] of numbersIn(part, below(path, name, Array.isArray(value)), depth + 1))
      found.set(inner, number)
  }
  return found
}

/** Rows of 16 bytes: their position, hex digits and characters. */
export function dump(bytes: Uint8Array, limit: number): string {
  const rows: string[] = []
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = Array.from(bytes.subarray(at, Math.min(at + 16, limit)))
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map(byte => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    rows.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`)
  }
  if (bytes.length > limit) rows.push(`… ${bytes.length - limit} more bytes`)
  return rows.join('\n')
}
