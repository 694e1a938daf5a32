// Output: data goes to standard output, everything else to standard error. Colours are for terminals only.
import { once } from 'node:events'

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

/** Makes foreign text safe for a terminal: escapes control characters but tabs and, with `lines`, line breaks. */
export function printable(text: string, { lines = false } = {}): string {
  const unsafe = lines
    ? // oxlint-disable-next-line no-control-regex
      /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
    : // oxlint-disable-next-line no-control-regex
      /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
  return text.replace(unsafe, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Writes data. Resolves when there is room for more. */
export async function write(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, 'drain')
}

export async function writeJson(value: unknown): Promise<void> {
  await write(`${JSON.stringify(value)}\n`)
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Ends the process without an error when the reader of the output has gone, as in `nws … | head`. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
}

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
  /** Aligned to the right. */
  readonly right?: boolean
}

/** A table with aligned columns and, if colourful, a bold head. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], colourful: boolean): string {
  const cells = rows.map(row => columns.map(({ value }) => printable(String(value(row)))))
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map(row => row[index]!.length)))
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
