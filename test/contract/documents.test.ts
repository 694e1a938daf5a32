// docs/protocol and docs/SECURITY.md agree with the code in numbers, types, codes, names of states and citations.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { OP_BROADCAST, OP_MESSAGE } from '../../src/core/binary-envelope.ts'
import { catalogue, type ErrorDefinition } from '../../src/core/errors.ts'
import { defaultRemoteTableLimits, defaultRemoteTableTimes } from '../../src/core/dns-sd/remote-table.ts'
import { serviceType, textKey, textValue } from '../../src/core/dns-sd/records.ts'
import { encodePeerMessageHead, encodePresence } from '../../src/core/link/channel-message.ts'
import { ConnectionRate } from '../../src/core/link/connection-rate.ts'
import * as constants from '../../src/core/link/constants.ts'
import { dataFlag } from '../../src/core/link/fragments.ts'
import { frameType, readFrames } from '../../src/core/link/frames.ts'
import { roundFlag } from '../../src/core/link/round.ts'
import { settingsSchema } from '../../src/core/settings.ts'
import { completeSettings, variableOf } from '../../src/core/settings-check.ts'
import { concat, u32, u8 } from '../../src/core/bytes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const protocol = Object.fromEntries(
  ['client', 'discovery', 'link', 'cluster', 'older-clients'].map(name => [
    `${name}.md`,
    read(`docs/protocol/${name}.md`)
  ])
)
const security = read('docs/SECURITY.md')
const rendezvous = read('docs/BONEVALUE.md')

/** Sections of a page by their number, without those below them. */
function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^#{2,4} (?=\d)/m).slice(1)
  return new Map(parts.map(part => [/^(\d+(?:\.\d+)*)/.exec(part)![1]!, part]))
}
/** Sections of the pages of docs/protocol, as `link.md §5.3`. */
const sections = new Map<string, string>(
  Object.entries(protocol).flatMap(([page, text]) =>
    [...sectionsOf(text)].map(([number, part]) => [`${page} §${number}`, part] as const)
  )
)

/** The rows of all tables in a text: the cells, without back quotes. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\| (.*) \|$/gm)]
    .map(([, row]) => row!.split(/(?<!\\) \| /).map(cell => cell.replaceAll('`', '').trim()))
    .filter(cells => !cells[0]!.startsWith('---'))
}
const rowsIn = (section: string): string[][] => rowsOf(sections.get(section) ?? '')

/** name → number of the rows of a section whose first cell is one of `names`. */
function numbersIn(section: string, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    rowsIn(section)
      .filter(([name]) => names.includes(name!))
      .map(([name, value]) => [name, Number(value)])
  )
}

/** The table of a section whose head begins with this cell. */
function tableIn(section: string, head: string): string[][] {
  const tables = (sections.get(section) ?? '')
    .split(/\n(?!\|)/)
    .map(part => rowsOf(part))
    .filter(rows => rows.length > 0)
  return tables.find(([first]) => first![0] === head)?.slice(1) ?? []
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => `src/${name}`)

t.test('frame types, their direction and length', async t => {
  const rows = tableIn('link.md §5.3', 'type')
  t.strictSame(Object.fromEntries(rows.map(([type, name]) => [name!.toLowerCase(), Number.parseInt(type!, 16)])), {
    ...frameType
  })
  for (const [type, name, direction, , bytes] of rows) {
    const code = Number.parseInt(type!, 16)
    const [, least] = /^(\d+)/.exec(bytes!)!
    const whole = concat(u8(code), u32(Number(least)), new Uint8Array(Number(least)))
    for (const from of ['I', 'R'] as const) {
      const allowed = direction === 'both' || direction!.startsWith(from)
      t.equal(readFrames(whole, from).fault === undefined, allowed, `${name} from ${from}`)
    }
    if (/^\d+$/.test(bytes!)) {
      const from = direction === 'R→I' ? 'R' : 'I'
      t.match(
        readFrames(concat(u8(code), u32(Number(least) + 1), new Uint8Array(Number(least) + 1)), from),
        { fault: { close: 1002 } },
        `${name} is never longer`
      )
    }
  }
})

t.test('channel messages, their flags, the flags of rounds', async t => {
  const types = Object.fromEntries(
    tableIn('link.md §5.7.2', 'type').map(([type, name]) => [name, Number.parseInt(type!, 16)])
  )
  const message = { source: 'a', seq: 1, binary: false }
  t.strictSame(types, {
    JOIN: encodePresence('join', 'a')[0],
    PART: encodePresence('part', 'a')[0],
    BROADCAST: encodePeerMessageHead(message)[0],
    DIRECT: encodePeerMessageHead(message, 'b')[0]
  })
  t.strictSame(
    tableIn('link.md §5.7.2', 'kind').map(([kind]) => Number(kind)),
    [false, true].map(binary => encodePeerMessageHead({ ...message, binary }).at(-1))
  )
  t.strictSame(Object.fromEntries(tableIn('link.md §5.7.1', 'flag').map(([value, name]) => [name, Number(value)])), {
    ...dataFlag
  })
  t.strictSame(Object.fromEntries(tableIn('link.md §5.5.3', 'bit').map(([value, name]) => [name, Number(value)])), {
    ...roundFlag
  })
  t.strictSame(Object.fromEntries(tableIn('client.md §4', 'op').map(([value, name]) => [name, Number(value)])), {
    OP_BROADCAST,
    OP_MESSAGE
  })
})

t.test('every constant, time and budget of the link', async t => {
  const { timings, budgets, ...rest } = constants
  for (const [what, numbers] of Object.entries({ constants: rest, timings, budgets })) {
    t.strictSame(numbersIn('link.md §6.1', Object.keys(numbers)), { ...numbers }, what)
  }
  const known = new Set([
    ...Object.keys(rest),
    ...Object.keys(timings),
    ...Object.keys(budgets),
    'name',
    'time',
    'budget'
  ])
  for (const [name] of rowsIn('link.md §6.1')) t.ok(known.has(name!), `${name} exists`)
})

t.test('the rates of new connections', async t => {
  const text = sections.get('link.md §6.2')!.replace(/\s+/g, ' ')
  const [, rate, burst, loopbackRate, loopbackBurst, allRate, allBurst] =
    /(\d+) per second and address, burst (\d+); from loopback (\d+) per second, burst (\d+); (\d+) per second over all addresses but loopback, burst (\d+)/.exec(
      text
    )!
  /** How many are taken at once, and again after a second. */
  const measure = (addressOf: (index: number) => string, loopback: boolean): [number, number] => {
    let now = 0
    const limit = new ConnectionRate({ now: () => now, after: () => () => {} })
    const flood = (): number =>
      Array.from({ length: 600 }, (_, index) => limit.take(addressOf(index), loopback)).filter(Boolean).length
    const first = flood()
    now = 1000
    return [first, flood()]
  }
  t.strictSame(
    measure(() => 'one', false),
    [Number(burst), Number(rate)]
  )
  t.strictSame(
    measure(() => 'one', true),
    [Number(loopbackBurst), Number(loopbackRate)]
  )
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
  const pages = { ...protocol, 'SECURITY.md': security, 'BONEVALUE.md': rendezvous }
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
  let cited = 0
  const exists = (page: string, section: string, by: string): void => {
    cited++
    t.ok(sections.has(`${page} §${section}`), `${by} cites ${page} §${section}`)
  }
  const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `test/${name}`)
  for (const file of [...sources, ...tests]) {
    const text = read(file)
    for (const [, page, section] of text.matchAll(/docs\/protocol\/([\w-]+\.md) §(\d+(?:\.\d+)*)/g))
      exists(page!, section!, file)
    if (!file.startsWith('src/core/link/')) continue
    for (const [, section] of text.matchAll(/(?<!Noise |RFC \d{4} |cpace-21 |\.md )§(\d+(?:\.\d+)*)/g))
      exists('link.md', section!, file)
  }
  for (const [page, text] of Object.entries({ ...protocol, 'SECURITY.md': security })) {
    for (const [, other, section] of text.matchAll(/([\w-]+\.md)\) §(\d+(?:\.\d+)*)/g)) exists(other!, section!, page)
    for (const [, section] of text.matchAll(/(?<!RFC \d{4} |\.md\) |ISO\/IEC \d+ )§(\d+(?:\.\d+)*)/g))
      if (page !== 'SECURITY.md') exists(page, section!, page)
  }
  t.ok(cited > 50)
})

t.test('every claim and rule has its place in SECURITY.md', async t => {
  for (let rule = 1; rule <= 21; rule++) t.match(security, new RegExp(`^\\| R${rule} \\|`, 'm'), `R${rule}`)
  for (let claim = 1; claim <= 7; claim++) t.match(security, new RegExp(`^\\| C${claim} \\|`, 'm'), `C${claim}`)
  t.notMatch(security, /^\| R(0|2[2-9]|[3-9]\d) \|/m, 'and there are no others')
})

t.test('the arithmetic of guesses is that of the budgets', async t => {
  const { guessBurst, guessPerSecond, cpuBurst, cpuPerSecond } = constants.budgets
  const { newChannelsPerOriginBurst, newChannelsPerOriginPerSecond } = completeSettings({})
  const spaced = (number: number): string =>
    Math.round(number)
      .toString()
      .replace(/(\d)(?=(\d{3})+$)/g, '$1 ')
      .replace(/^(\d) (\d{3})$/, '$1$2')
  t.match(security, `${guessBurst} words at once, then ${guessPerSecond} per second`)
  t.match(security, `CPU budget of ${cpuBurst} elements and ${cpuPerSecond} per second`)
  t.match(security, `(10 000 − ${guessBurst}) / ${guessPerSecond} = ${(10_000 - guessBurst) / guessPerSecond} s`)
  t.match(security, `2^20 / ${guessPerSecond} = ${spaced(2 ** 20 / guessPerSecond)} s`)
  t.match(security, `2^30 / ${guessPerSecond} = ${spaced(2 ** 30 / guessPerSecond)} s`)
  t.match(security, `2^160 / ${cpuPerSecond}`)
  t.match(
    security,
    `(10 000 − ${newChannelsPerOriginBurst}) / ${newChannelsPerOriginPerSecond} = ${(10_000 - newChannelsPerOriginBurst) / newChannelsPerOriginPerSecond} s`
  )
  const years = (seconds: number): number => seconds / (365.25 * 86_400)
  t.match(
    security,
    `| 2^40, eight random small letters and digits | ${years(2 ** 40 / guessPerSecond).toFixed(0)} years | ${years(2 ** 39 / guessPerSecond).toFixed(0)} years |`
  )
  t.match(
    security,
    `| 2^30, six random small letters and digits | ${years(2 ** 30 / guessPerSecond).toFixed(1)} years | ${years(2 ** 29 / guessPerSecond).toFixed(1)} years |`
  )
})
