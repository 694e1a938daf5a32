// A line of the log as text for a terminal. Elsewhere the log stays JSON.

const LEVELS: Readonly<Record<number, readonly [word: string, color: number]>> = {
  10: ['trace', 90],
  20: ['debug', 90],
  30: ['', 0],
  40: ['warning', 33],
  50: ['error', 31],
  60: ['fatal', 31]
}

/** Fields of every line that readers do not need. */
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err', 'reqId'])

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Without this, control characters in a value could write anywhere on the screen. */
const harmless = (text: string): string => text.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, '?')

function timeOf(milliseconds: unknown): string {
  if (typeof milliseconds !== 'number') return ''
  const date = new Date(milliseconds)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':')
}

function fieldsOf(record: Readonly<Record<string, unknown>>): string {
  return Object.entries(record)
    .filter(([name]) => !HIDDEN.has(name))
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`
    )
    .join(' ')
}

function errorOf(error: unknown): string {
  if (!isRecord(error)) return ''
  const { stack, message } = error
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : JSON.stringify(error)
  return `\n${text.replace(/^/gm, '    ')}`
}

/**
 * The line as text.
 *
 * @param line one line of JSON; anything else is returned unchanged
 * @param color whether the terminal shows colours
 */
export function logLine(line: string, color: boolean): string {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    return line
  }
  if (!isRecord(record)) return line
  const paint = (text: string, code: number): string =>
    color && code !== 0 && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text
  const [word, code] = LEVELS[Number(record['level'])] ?? [
    typeof record['level'] === 'number' ? String(record['level']) : '',
    0
  ]
  const message = typeof record['msg'] === 'string' ? harmless(record['msg']) : ''
  const parts = [paint(timeOf(record['time']), 90), paint(word, code), message, paint(harmless(fieldsOf(record)), 90)]
  return `${parts.filter(part => part !== '').join(' ')}${harmless(errorOf(record['err']))}\n`
}
