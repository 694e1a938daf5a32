// Every rule of docs/SECURITY.md has a test, and every test names rules that exist. The title of a test begins with the
// ids of the rules that it holds, such as `[R2, R16]`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPage, root } from '../../tools/docs/pages.ts'

t.test('every rule has a test, and every id in a title is that of a rule', async t => {
  const rules = Array.from(readPage('docs/SECURITY.md').matchAll(/^\| (R\d+) \|/gm), ([, id]) => id!)
  t.ok(rules.length > 0)
  const tested = new Map<string, string>()
  for (const file of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue
    const text = readFileSync(join(root, 'test', file), 'utf8')
    for (const [, ids] of text.matchAll(/\.test\(\s*['"`]\[([^\]]+)\] /g))
      for (const id of ids!.split(', ')) tested.set(id, file)
  }
  for (const [id, file] of tested) t.ok(rules.includes(id), `${file}: rule ${id} exists`)
  for (const id of rules) t.ok(tested.has(id), `rule ${id} has a test`)
})
