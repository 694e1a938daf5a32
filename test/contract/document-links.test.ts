// Links between documents: each leads to a file and a heading that exist, and the index names every document.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map(name => join('docs', name))
].filter(name => name.endsWith('.md'))

const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-')
    )
  )
}

/** Targets of the links that stay in this repository, as `[path, anchor]`. */
function linksOf(name: string): [string, string][] {
  return Array.from(
    withoutCode(read(name)).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g),
    ([, path, anchor]) => [path === '' ? name : join(dirname(name), path!), anchor ?? '']
  )
}

t.test('every link leads to a file and a heading that exist', async t => {
  for (const name of documents) {
    for (const [path, anchor] of linksOf(name)) {
      t.ok(existsSync(join(root, path)), `${name} links to ${path}`)
      if (anchor !== '') t.ok(anchorsOf(read(path)).has(anchor), `${name} links to ${path}#${anchor}`)
    }
  }
})

t.test('the README and the index name every document', async t => {
  for (const index of ['README.md', 'docs/README.md']) {
    const named = new Set(linksOf(index).map(([path]) => path))
    for (const name of documents.filter(name => name.startsWith('docs/') && name !== 'docs/README.md'))
      t.ok(named.has(name), `${index} names ${name}`)
  }
})
