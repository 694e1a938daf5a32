// Output: data goes to standard output, everything else to standard error. Colours are for terminals only.
import { once } from 'node:events'
import { cliErrors, EXIT } from './errors.ts'

/** Whether a stream takes colours and redrawing. See https://no-color.org */
export function isColourful(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
}

export function styled(
  text: string,
  style: 'bold' | 'dim' | 'red' | 'green' | 'yellow',
  stream: NodeJS.WriteStream = process.stderr
): string {
  if (!isColourful(stream)) return text
  const code = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 }[style]
  return `\x1b[${code}m${text}\x1b[0m`
}

/** Makes foreign text safe for one line of a terminal: escapes control characters and those that change the direction. */
export function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}

/** Begins each row of a message after its first one, which begins with an id. */
const NEXT_ROW = '  | '
/** Width of a terminal that does not tell its own, and the least width that is believed. */
const COLUMNS = 80
const MIN_COLUMNS = 20

/**
 * A foreign message as a terminal may show it. A sender can neither control the terminal nor make a row that looks like the
 * first row of another message, with line breaks or with text that is wider than the terminal.
 *
 * @param lead begins the first row
 */
export function terminalRows(lead: string, text: string, columns = 0): string {
  const rows: string[] = []
  const width = columns < MIN_COLUMNS ? COLUMNS : columns
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029]/)) {
    let row = ''
    let room = width - (rows.length === 0 ? lead.length : NEXT_ROW.length)
    for (const character of printable(line.replaceAll('\t', '    '))) {
      const taken = character > '~' ? 2 : 1
      if (taken > room && row !== '') {
        rows.push(row)
        row = ''
        room = width - NEXT_ROW.length
      }
      row += character
      room -= taken
    }
    rows.push(row)
  }
  return rows.join(`\n${NEXT_ROW}`)
}

/**
 * Writes the message of a peer. A terminal gets it as rows behind `lead`, anything else exactly as it came.
 *
 * @param end follows it, except bytes that go unchanged
 */
export async function writeForeign(data: string | Uint8Array, { lead = '', end = '\n' } = {}): Promise<void> {
  const { stdout } = process
  if (!stdout.isTTY) return await write(typeof data === 'string' ? data + end : data)
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
  await write(`${styled(lead, 'dim', stdout)}${terminalRows(lead, text, stdout.columns)}\n`)
}

/** Called when the reader of the output has gone; undefined: the process ends. */
let readerGone: (() => void) | undefined
let isReaderGone = false

/** Writes data. Resolves when there is room for more, or the reader has gone. */
export async function write(data: string | Uint8Array): Promise<void> {
  if (isReaderGone || process.stdout.write(data)) return
  await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
}

export async function writeJson(value: unknown): Promise<void> {
  await writeForeign(JSON.stringify(value))
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/**
 * Ends the process when its output cannot be written: without an error if the reader has gone, as in `nws … | head`, and
 * otherwise with the reason, such as a full disk.
 */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      const { message, exit } = cliErrors.NWS_CLI_OUTPUT
      note(`${styled('NWS_CLI_OUTPUT', 'red')}: ${message} (${error.code ?? 'unknown error'})`)
      process.exit(exit)
    }
    isReaderGone = true
    if (readerGone === undefined) process.exit(EXIT.ok)
    readerGone()
  })
}

/** Replaces the end of the process when the reader of the output has gone: the command has more to do than to write. */
export function onReaderGone(run: () => void): void {
  readerGone = run
}

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
  /** Aligned to the right. */
  readonly right?: boolean
}

/** A table with aligned columns and, if colourful, a bold head. If its lines do not fit the terminal, a line for each value. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colourful: boolean,
  terminalWidth = process.stdout.isTTY ? process.stdout.columns : Infinity
): string {
  const cells = rows.map(row => columns.map(({ value }) => printable(String(value(row)))))
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map(row => row[index]!.length)))
  if (widths.reduce((sum, width) => sum + width + 2, -2) > terminalWidth) {
    const titleWidth = Math.max(...columns.map(({ title }) => title.length))
    const value = (text: string, index: number): string => {
      const title = columns[index]!.title.padEnd(titleWidth)
      return `${colourful ? `\x1b[1m${title}\x1b[0m` : title}  ${text}`.trimEnd()
    }
    return cells.map(row => `${row.map(value).join('\n')}\n`).join('\n')
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) =>
        columns[index]!.right === true ? text.padStart(widths[index]!) : text.padEnd(widths[index]!)
      )
      .join('  ')
      .trimEnd()
  const head = line(columns.map(({ title }) => title))
  return [colourful ? `\x1b[1m${head}\x1b[0m` : head, ...cells.map(line)].map(text => `${text}\n`).join('')
}

/** A number of bytes for people: `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let index = 0
  let value = bytes
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024
    index++
  }
  return `${index === 0 ? value : value.toFixed(1)} ${units[index]!}`
}
