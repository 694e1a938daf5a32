// Writes the results of a benchmark into a page: what stands between two marks is replaced. Measures nothing.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const PAGE = 'docs/PERFORMANCE.md'

/** The date, the version and the machine of a measurement. */
export function circumstances(): string {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim()
  return `Run of ${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.`
}

/** @throws if the page does not have the marks */
export function writeSection(begin: string, end: string, text: string, file = PAGE): void {
  const page = readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no place for the results`)
  writeFileSync(file, `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`)
}

/** Prints a table of results and writes it into the page, unless BENCH_DRY is set. @param load average of the machine before it */
export function report(
  begin: string,
  end: string,
  load: number,
  rows: readonly (readonly [string, string, string])[]
): void {
  const text = [
    `${circumstances()} Before it, the load average of the machine was ${load.toFixed(1)}.`,
    '',
    '| what | wanted | measured: median (all runs) |',
    '| --- | --- | --- |',
    ...rows.map(row => `| ${row.join(' | ')} |`)
  ].join('\n')
  process.stdout.write(`${text}\n`)
  if (process.env['BENCH_DRY'] === undefined) writeSection(begin, end, text)
}
