// Shows a list once or again and again: as a table for people, as lines of JSON for programs.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { CliError } from './errors.ts'
import { isColourful, note, table, write, writeJson, type Column } from './output.ts'

export interface ListOptions {
  readonly json?: true
  readonly watch?: true
  readonly interval: string
}

export function withList(command: Command): Command {
  return command
    .option('--json', 'print one JSON object per line')
    .option('--watch', 'keep showing: redraw the terminal, or with --json print a line per change')
    .option('--interval <seconds>', 'time between two updates of --watch', '1')
}

export interface List<Row> {
  readonly load: () => Promise<Row[]>
  readonly key: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  readonly empty: string
}

/** Shows a list, once or until the process is interrupted. @throws as `load` */
export async function showList<Row extends object>(list: List<Row>, options: ListOptions): Promise<void> {
  const seconds = Number(options.interval)
  if (!(seconds >= 0.1 && seconds <= 3600))
    throw new CliError('NWS_CLI_USAGE', '--interval takes a number of seconds from 0.1 to 3600.')
  if (options.watch !== true) {
    const rows = await list.load()
    if (options.json === true) for (const row of rows) await writeJson(row)
    else await showTable(rows, list)
    return
  }
  let before = new Map<string, string>()
  let shown: string | undefined
  const end = once(process, 'SIGINT').then(() => 'end' as const)
  for (;;) {
    const rows = await list.load()
    if (options.json === true) before = await showChanges(rows, before, list)
    else shown = await redraw(rows, shown, list)
    const pause = new AbortController()
    const what = await Promise.race([end, sleep(seconds * 1000, 'again' as const, { signal: pause.signal })])
    if (what === 'again') continue
    pause.abort()
    return
  }
}

async function showTable<Row>(rows: readonly Row[], { columns, empty }: List<Row>): Promise<void> {
  if (rows.length === 0) note(empty)
  else await write(table(rows, columns, isColourful(process.stdout)))
}

/** Redraws a terminal. Elsewhere writes the table if it changed. */
async function redraw<Row>(
  rows: readonly Row[],
  shown: string | undefined,
  { columns, empty }: List<Row>
): Promise<string> {
  const isScreen = isColourful(process.stdout)
  const text = rows.length === 0 ? `${empty}\n` : table(rows, columns, isScreen)
  if (isScreen) await write(`\x1b[H\x1b[2J${text}`)
  else if (text !== shown && rows.length === 0) note(empty)
  else if (text !== shown) await write(shown === undefined ? text : `\n${text}`)
  return text
}

/** Writes each change as a line: the row with `change`. */
async function showChanges<Row extends object>(
  rows: readonly Row[],
  before: Map<string, string>,
  { key }: List<Row>
): Promise<Map<string, string>> {
  const now = new Map<string, string>()
  for (const row of rows) {
    const text = JSON.stringify(row)
    const former = before.get(key(row))
    now.set(key(row), text)
    if (former !== text) await writeJson({ change: former === undefined ? 'added' : 'changed', ...row })
  }
  for (const [id, text] of before)
    if (!now.has(id)) await writeJson({ change: 'removed', ...(JSON.parse(text) as object) })
  return now
}
