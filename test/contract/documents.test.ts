// The documents agree with the program: generated blocks, names of errors and settings, examples, citations.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cliErrors } from '../../src/cli/errors.ts'
import { clientErrors } from '../../src/client/errors.ts'
import { fileErrors } from '../../src/client/files/errors.ts'
import { guestErrors } from '../../src/client/guest/errors.ts'
import { createProgram, everyCommand } from '../../src/cli/program.ts'
import { catalogue } from '../../src/core/errors.ts'
import { settingNames, variableOf } from '../../src/core/settings.ts'
import { createBlocks } from '../../tools/docs/blocks.ts'
import { pathOf } from '../../tools/docs/cli.ts'
import { blocksIn, fillPage, pageNames, readPage, root } from '../../tools/docs/pages.ts'

const pages = pageNames().map(name => [name, readPage(name)] as const)

t.test('[R21] the generated blocks are those of the program', async t => {
  const blocks = await createBlocks()
  for (const [name, page] of pages) t.ok(fillPage(page, blocks) === page, `${name}: run npm run docs`)
  const used = new Set(pages.flatMap(([, page]) => blocksIn(page)))
  for (const name of blocks.keys()) t.ok(used.has(name), `a page has <!-- generated: ${name} -->`)
})

t.test('errors and settings that a page names exist', async t => {
  const known = new Set([
    ...Object.keys({ ...catalogue, ...cliErrors, ...clientErrors, ...fileErrors, ...guestErrors }),
    ...settingNames.map(variableOf),
    'NWS_PASSWORD'
  ])
  for (const [page, text] of pages) {
    for (const [name] of text.matchAll(/\bNWS_[A-Z0-9_]*[A-Z0-9]\b/g)) {
      if (!name.startsWith('NWS_X_')) t.ok(known.has(name), `${page}: ${name} exists`)
    }
  }
})

t.test('every `nws` command of an example is understood', async t => {
  let examples = 0
  for (const [page, text] of pages) {
    for (const [, block] of text.matchAll(/^```sh\n([^]*?)\n```$/gm)) {
      for (const [line] of block!.matchAll(/(?<![\w./-])nws [a-z][^|<>;)&#\n]*/g)) {
        const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
          .map(([, single, double, plain]) => single ?? double ?? plain!)
          .slice(1)
        const program = createProgram()
        let ran = ''
        for (const command of everyCommand(program)) {
          if (command.commands.length > 0) continue
          command.action(() => {
            ran = pathOf(command)
          })
        }
        await program.parseAsync(words, { from: 'user' })
        t.ok(ran !== '' && line.startsWith(`nws ${ran}`), `${page}: ${line}`)
        examples++
      }
    }
  }
  t.ok(examples > 20)
})

t.test('sections of the protocol that are cited exist', async t => {
  const protocol = pages.flatMap(([name, text]) =>
    name.startsWith('docs/protocol/') ? [[name.slice('docs/protocol/'.length), text] as const] : []
  )
  const sections = new Set(
    protocol.flatMap(([page, text]) =>
      Array.from(text.matchAll(/^#{2,4} (\d+(?:\.\d+)*)/gm), ([, section]) => `${page} §${section}`)
    )
  )
  let cited = 0
  const exists = (page: string, section: string, by: string): void => {
    cited++
    t.ok(sections.has(`${page} §${section}`), `${by} cites ${page} §${section}`)
  }
  const files = ['src', 'test'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => `${folder}/${name}`)
  )
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, page, section] of text.matchAll(/docs\/protocol\/([\w-]+\.md) §(\d+(?:\.\d+)*)/g))
      exists(page!, section!, file)
    if (!file.startsWith('src/core/link/')) continue
    for (const [, section] of text.matchAll(/(?<!Noise |RFC \d{4} |cpace-21 |\.md )§(\d+(?:\.\d+)*)/g))
      exists('link.md', section!, file)
  }
  for (const [name, text] of pages) {
    for (const [, page, section] of text.matchAll(/([\w-]+\.md)\) §(\d+(?:\.\d+)*)/g)) exists(page!, section!, name)
  }
  for (const [page, text] of protocol) {
    for (const [, section] of text.matchAll(/(?<!RFC \d{4} |\.md\)? |ISO\/IEC \d+ )§(\d+(?:\.\d+)*)/g))
      exists(page, section!, page)
  }
  t.ok(cited > 50)
})

t.test('a block without its partner or with an unknown name is an error', async t => {
  const blocks = new Map([['one', 'text']])
  const marked = (name: string): string => `a\n<!-- generated: ${name} -->\nold\n<!-- /generated -->\nb\n`
  t.equal(fillPage(marked('one'), blocks), marked('one').replace('old', 'text'))
  t.equal(fillPage(marked('one').replace('old\n', ''), blocks), marked('one').replace('old', 'text'))
  t.throws(() => fillPage(marked('two'), blocks), { message: 'No block is named "two".' })
  t.throws(() => fillPage('<!-- generated: one -->\ntext\n', blocks), { message: 'A marker has no partner.' })
  t.throws(() => fillPage('text\n<!-- /generated -->\n', blocks), { message: 'A marker has no partner.' })
})
