// The documents and their generated blocks: the lines from `<!-- generated: name -->` to `<!-- /generated -->`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BLOCK = /^<!-- generated: (.+) -->\n(?:[^]*?\n)??<!-- \/generated -->$/gm
const MARKER = /^<!-- (?:generated: .+|\/generated) -->$/gm

/** The folder of package.json: two folders up from here, and from the bundle in node_modules/.cache. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Paths of the documents, from the root. */
export function pageNames(): string[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  return ['README.md', 'CONTRIBUTING.md', ...below.filter(name => name.endsWith('.md')).map(name => `docs/${name}`)]
}

/** The text of a document. */
export const readPage = (name: string): string => readFileSync(join(root, name), 'utf8')

/** Names of the blocks of a page. @throws Error for a marker without its partner */
export function blocksIn(page: string): string[] {
  const names = [...page.matchAll(BLOCK)].map(([, name]) => name!)
  if ([...page.matchAll(MARKER)].length !== 2 * names.length) throw new Error('A marker has no partner.')
  return names
}

/** The page with new text in its blocks. @throws Error for a block with an unknown name, and as `blocksIn` */
export function fillPage(page: string, blocks: ReadonlyMap<string, string>): string {
  for (const name of blocksIn(page)) if (!blocks.has(name)) throw new Error(`No block is named "${name}".`)
  return page.replaceAll(
    BLOCK,
    (_block, name: string) => `<!-- generated: ${name} -->\n${blocks.get(name)!}\n<!-- /generated -->`
  )
}
