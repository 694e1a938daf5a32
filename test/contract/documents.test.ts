// The documents agree with the program: generated blocks, names of errors and settings, examples, citations.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cliErrors } from '../../src/cli/errors.ts'
import { createProgram, everyCommand } from '../../src/cli/program.ts'
import { catalogue } from '../../src/core/errors.ts'
import { settingNames, variableOf } from '../../src/core/settings-check.ts'
import { createBlocks } from '../../tools/docs/blocks.ts'
import { pathOf } from '../../tools/docs/cli.ts'
import { blocksIn, fillPage, pageNames, readPage, root } from '../../tools/docs/pages.ts'

<<<<<<< HEAD
const pages = pageNames().map(name => [name, readPage(name)] as const)
=======
const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const protocol = Object.fromEntries(
  ['client', 'discovery', 'link', 'cluster', 'older-clients', 'bonevalue'].map(name => [
    `${name}.md`,
    read(`docs/protocol/${name}.md`)
  ])
)
const security = read('docs/SECURITY.md')
const rendezvous = read('docs/protocol/bonevalue.md')
>>>>>>> c0a4a3a (docs: README in one page, an index, style, dependencies, operating, API, comparison)

t.test('[R21] the generated blocks are those of the program', async t => {
  const blocks = await createBlocks()
  for (const [name, page] of pages) t.ok(fillPage(page, blocks) === page, `${name}: run npm run docs`)
  const used = new Set(pages.flatMap(([, page]) => blocksIn(page)))
  for (const name of blocks.keys()) t.ok(used.has(name), `a page has <!-- generated: ${name} -->`)
})

t.test('errors and settings that a page names exist', async t => {
  const variables = new Set([...settingNames.map(variableOf), 'NWS_PASSWORD'])
  for (const [page, text] of pages) {
    for (const [name] of text.matchAll(/\bNWS_[A-Z0-9_]*[A-Z0-9]\b/g)) {
      if (name.startsWith('NWS_X_') || name.startsWith('NWS_CLIENT_')) continue
      t.ok(
        Object.hasOwn(catalogue, name) || Object.hasOwn(cliErrors, name) || variables.has(name),
        `${page}: ${name} exists`
      )
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
<<<<<<< HEAD
=======
  t.strictSame(
    measure(index => `address ${index}`, false),
    [Number(allBurst), Number(allRate)]
  )
})

t.test('the bounds and records of discovery', async t => {
  const text = sections.get('discovery.md §2')!
  const { perSender, perOwnMachine, all, addresses } = defaultRemoteTableLimits
  t.match(text, `| ids of one sender | ${perSender}; of this machine itself ${perOwnMachine} |`)
  t.match(text, `| ids in all | ${all};`)
  t.match(text, `| addresses of one id | ${addresses} |`)
  const { goodbyeMs, incompleteMs, replaceMs, lifetimeMs } = defaultRemoteTableTimes
  t.match(text, `| goodbye | takes effect after ${goodbyeMs / 1000} s`)
  t.match(text, `forgotten after ${incompleteMs / 1000} s |`)
  t.match(text, `makes room for its newest | ${replaceMs / 1000} s |`)
  t.match(text, `held between ${lifetimeMs[0] / 1000} and ${lifetimeMs[1] / 1000} s`)
  t.match(sections.get('discovery.md §1')!, serviceType)
  t.match(sections.get('discovery.md §1')!, `\`${textKey}=${textValue}\``)
})

t.test('close codes of links', async t => {
  const documented = new Set(tableIn('link.md §5.8', 'code').map(([code]) => code!))
  const used = new Set<string>()
  for (const file of sources.filter(name => /^src\/(core\/link|plugins\/peer-mesh)\b/.test(name))) {
    for (const [, code] of read(file).matchAll(/\b(?:linkFault|fault|close|#fail|receiveBad)\((\d{4}),/g))
      used.add(code!)
  }
  for (const code of used) t.ok(documented.has(code), `${code} is in the table`)
  // 1000 is for links that end in peace.
  for (const code of documented) t.ok(used.has(code) || ['1000', '1003', '1009'].includes(code), `${code} is used`)
})

t.test('errors and close codes of clients', async t => {
  const closing = Object.entries<ErrorDefinition>(catalogue).filter(([, { close }]) => close !== undefined)
  const channels = closing.filter(([name]) => !name.startsWith('NWS_ERR_BV_'))
  t.strictSame(
    tableIn('client.md §7', 'code')
      .map(([code, name]) => `${code} ${name}`)
      .toSorted(),
    channels.map(([name, { close }]) => `${close} ${name}`).toSorted()
  )
  for (const [code] of tableIn('client.md §6', 'code')) t.ok(Object.hasOwn(catalogue, code!), `${code} exists`)
  for (const [code] of Object.values(protocol)
    .join('')
    .matchAll(/NWS_ERR_[A-Z0-9_]*[A-Z0-9]/g))
    t.ok(Object.hasOwn(catalogue, code), `${code} exists`)
})

t.test('errors of the rendezvous', async t => {
  const rows = new Map(
    rowsOf(rendezvous)
      .filter(([code]) => code!.startsWith('NWS_ERR_'))
      .map(([code, close]) => [code!, close!])
  )
  for (const [name, { close }] of Object.entries<ErrorDefinition>(catalogue)) {
    if (name.startsWith('NWS_ERR_BV_') && close !== undefined) t.match(rows.get(name), String(close), name)
  }
  for (const [code] of rendezvous.matchAll(/NWS_ERR_[A-Z0-9_]*[A-Z0-9]/g))
    t.ok(Object.hasOwn(catalogue, code), `${code} exists`)
})

t.test('settings and their defaults', async t => {
  const defaults = new Map(
    Object.entries<object>(settingsSchema.properties).map(([name, rule]) => [
      variableOf(name),
      String((rule as { default?: unknown }).default)
    ])
  )
  const rows = tableIn('client.md §8', 'setting')
  t.ok(rows.length > 10)
  for (const [name, value] of rows) t.equal(value, defaults.get(name!), name!)
  const pages = { ...protocol, 'SECURITY.md': security, 'BONEVALUE.md': read('docs/BONEVALUE.md') }
  for (const [page, text] of Object.entries(pages)) {
    for (const [name] of text.matchAll(/\bNWS_(?!ERR_|X_)[A-Z0-9_]+/g))
      t.ok(defaults.has(name), `${page}: ${name} exists`)
  }
})

t.test('the states that are drawn are those of the code', async t => {
  const drawing = sections.get('link.md §5.9')!
  for (const [file, type] of [
    ['record-stream', '#state'],
    ['rounds-initiator', 'type Phase'],
    ['rounds-responder', 'type Phase']
  ] as const) {
    const line =
      read(`src/core/link/${file}.ts`)
        .split('\n')
        .find(line => line.includes(type) && line.includes('|')) ?? ''
    const names = [...line.matchAll(/'([a-z\d]+)'/g)].map(([, name]) => name!)
    t.ok(names.length > 3, `${file} has states`)
    for (const name of names) t.match(drawing, new RegExp(`\\b${name}\\b`), `${file}: ${name}`)
    t.match(drawing, `core/link/${file}.ts`)
  }
})

t.test('sections that are cited exist', async t => {
>>>>>>> c0a4a3a (docs: README in one page, an index, style, dependencies, operating, API, comparison)
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
