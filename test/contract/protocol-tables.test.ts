// The tables of the protocol pages that no program writes: types, flags, close codes, names of states.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { OP_BROADCAST, OP_MESSAGE } from '../../src/core/binary-envelope.ts'
import { concat, u16, u8 } from '../../src/core/bytes.ts'
import { encodePeerMessageHead, encodePresence } from '../../src/core/link/wire/channel-message.ts'
import { dataFlag } from '../../src/core/link/wire/fragments.ts'
import { frameType, readFrames } from '../../src/core/link/wire/frames.ts'
import { roundFlag } from '../../src/core/link/matching/round/round.ts'
import { pageNames, readPage, root } from '../../tools/docs/pages.ts'

const protocol = pageNames()
  .filter(name => name.startsWith('docs/protocol/'))
  .map(readPage)
  .join('\n')

/** All tables, as rows of cells without back quotes. */
const tables = protocol
  .split(/\n(?!\|)/)
  .map(part =>
    [...part.matchAll(/^\| (.*) \|$/gm)]
      .map(([, row]) => row!.split(/(?<!\\) \| /).map(cell => cell.replaceAll('`', '').trim()))
      .filter(cells => !cells[0]!.startsWith('---'))
  )
  .filter(rows => rows.length > 0)

/** The rows of the table whose head begins with these cells. */
function tableOf(...head: readonly string[]): string[][] {
  const found = tables.filter(([first]) => head.every((cell, index) => first![index] === cell))
  if (found.length !== 1) throw new Error(`${found.length} tables begin with ${head.join(', ')}.`)
  return found[0]!.slice(1)
}

t.test('[R14] frame types, their direction and length', async t => {
  const rows = tableOf('type', 'name', 'direction')
  t.strictSame(Object.fromEntries(rows.map(([type, name]) => [name!.toLowerCase(), Number.parseInt(type!, 16)])), {
    ...frameType
  })
  for (const [type, name, direction, , bytes] of rows) {
    const code = Number.parseInt(type!, 16)
    const [, least] = /^(\d+)/.exec(bytes!)!
    const whole = concat(u8(code), u16(Number(least)), new Uint8Array(Number(least)))
    for (const from of ['I', 'R'] as const) {
      const allowed = direction === 'both' || direction!.startsWith(from)
      t.equal(readFrames(whole, from).fault === undefined, allowed, `${name} from ${from}`)
    }
    if (/^\d+$/.test(bytes!)) {
      const from = direction === 'R→I' ? 'R' : 'I'
      t.match(
        readFrames(concat(u8(code), u16(Number(least) + 1), new Uint8Array(Number(least) + 1)), from),
        { fault: { close: 1002 } },
        `${name} is never longer`
      )
    }
  }
})

t.test('channel messages, their flags, the flags of rounds', async t => {
  const types = Object.fromEntries(
    tableOf('type', 'name', 'fields').map(([type, name]) => [name, Number.parseInt(type!, 16)])
  )
  const message = { source: 'a', seq: 1, binary: false }
  t.strictSame(types, {
    JOIN: encodePresence('join', 'a')[0],
    PART: encodePresence('part', 'a')[0],
    BROADCAST: encodePeerMessageHead(message)[0],
    DIRECT: encodePeerMessageHead(message, 'b')[0]
  })
  t.strictSame(
    tableOf('kind', 'payload').map(([kind]) => Number(kind)),
    [false, true].map(binary => encodePeerMessageHead({ ...message, binary }).at(-1))
  )
  t.strictSame(Object.fromEntries(tableOf('flag', 'name').map(([value, name]) => [name, Number(value)])), {
    ...dataFlag
  })
  t.strictSame(Object.fromEntries(tableOf('bit', 'name').map(([value, name]) => [name, Number(value)])), {
    ...roundFlag
  })
  t.strictSame(Object.fromEntries(tableOf('op', 'name').map(([value, name]) => [name, Number(value)])), {
    OP_BROADCAST,
    OP_MESSAGE
  })
})

t.test('close codes of links', async t => {
  const documented = new Set(tableOf('code', 'meaning').map(([code]) => code!))
  const used = new Set<string>()
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  for (const file of sources.filter(name => /^(core\/link|plugins\/peer-mesh)\b.*\.ts$/.test(name))) {
    for (const [, code] of readFileSync(join(root, 'src', file), 'utf8').matchAll(/\b(?:fault|close|fail)\((\d{4}),/g))
      used.add(code!)
  }
  for (const code of used) t.ok(documented.has(code), `${code} is in the table`)
  // 1000 is for links that end in peace.
  for (const code of documented) t.ok(used.has(code) || code === '1000', `${code} is used`)
})

t.test('the states that are drawn are those of the code', async t => {
  for (const [file, type] of [
    ['wire/record-stream', '#state'],
    ['matching/initiator-scheduler', 'type Phase'],
    ['matching/responder-scheduler', 'type Phase'],
    ['session/session', 'get state']
  ] as const) {
    const line =
      readFileSync(join(root, `src/core/link/${file}.ts`), 'utf8')
        .split('\n')
        .find(line => line.includes(type) && line.includes('|')) ?? ''
    const names = [...line.matchAll(/'([a-z\d]+)'/g)].map(([, name]) => name!)
    t.ok(names.length >= 3, `${file} has states`)
    for (const name of names) t.match(protocol, new RegExp(`\\b${name}\\b`), `${file}: ${name}`)
    t.match(protocol, `core/link/${file}.ts`)
  }
})
