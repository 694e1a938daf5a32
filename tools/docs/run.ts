// `npm run docs`: writes the generated blocks of the documents, and says which documents changed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBlocks } from './blocks.ts'
import { fillPage, pageNames, readPage, root } from './pages.ts'

const blocks = await createBlocks()
for (const name of pageNames()) {
  const before = readPage(name)
  const after = fillPage(before, blocks)
  if (after === before) continue
  writeFileSync(join(root, name), after)
  process.stdout.write(`${name}\n`)
}
