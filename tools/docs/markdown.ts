// Markdown: tables and code spans.

/** A code span. */
export const code = (text: string): string => `\`${text}\``

/** Text for a table cell: a bar would end the cell, and a browser would take `<name>` for an element. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/<(?=[a-z])/g, '\\<')

/** A table. Cells are Markdown already. */
export function table(head: readonly string[], rows: Iterable<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...Array.from(rows, line)].join('\n')
}
