// The bytes of a message for people: hex, text, JSON. Pure.
import { bytesOf, type Payload } from './entry.ts'

/** Bytes of a line. */
const ROW = 16
/** Most bytes that are shown. */
export const MAX_SHOWN_BYTES = 4096

/** The bytes in lines: offset, bytes, and the printable characters of ASCII. */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let from = 0; from < Math.min(bytes.length, MAX_SHOWN_BYTES); from += ROW) {
    const row = Array.from(bytes.subarray(from, Math.min(from + ROW, MAX_SHOWN_BYTES)))
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map(byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${from.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW * 3 - 1)}  ${text}`)
  }
  return lines.join('\n')
}

/** The text of a payload, shortened. undefined: the bytes are no text */
export function textOf(payload: Payload): string | undefined {
  if (payload.type !== 'binary') return payload.text.slice(0, MAX_SHOWN_BYTES)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload.bytes).slice(0, MAX_SHOWN_BYTES)
  } catch {
    return undefined
  }
}

/** The value as indented JSON, shortened. A string value is JSON only if its text is an object or a list. undefined: none */
export function jsonOf(payload: Payload): string | undefined {
  const text = payload.type === 'binary' ? textOf(payload) : payload.text
  if (text === undefined || (payload.type !== 'json' && !/^\s*[[{]/.test(text))) return undefined
  try {
    return JSON.stringify(JSON.parse(text), null, 2).slice(0, MAX_SHOWN_BYTES)
  } catch {
    return undefined
  }
}

/** The bytes that are shown. */
export const shownBytes = (payload: Payload): string => hexOf(bytesOf(payload))
