// Which texts may be the name of a computer, and which bytes of a link are one.
import t from 'tap'
import { decodeComputerName, encodeComputerName, isComputerName } from '../../src/core/computer-name.ts'

const good = ['Kitchen', 'Ada’s laptop', 'a', 'x'.repeat(64), 'Küche 2 🍰', 'مكتب', '机房']

const bad: [what: string, text: string][] = [
  ['empty', ''],
  ['65 letters', 'x'.repeat(65)],
  ['66 bytes in 22 characters', '机'.repeat(22)],
  ['a line break', 'two\nlines'],
  ['a tab', 'a\tb'],
  ['a zero', 'a\0b'],
  ['an escape sequence', '\u001b[2Jgone'],
  ['C1', 'a\u009bb'],
  ['an override of the direction', 'invoice\u202efdp'],
  ['an isolate', 'a\u2066b'],
  ['a mark of the direction', 'a\u200fb'],
  ['a zero width space', 'a\u200bb'],
  ['a soft hyphen', 'a\u00adb'],
  ['a byte order mark', '\ufeffKitchen'],
  ['a separator of lines', 'a\u2028b'],
  ['an invisible letter', 'a\u3164b'],
  ['a tag', 'a\u{e0041}b'],
  ['private use', 'a\ue000b'],
  ['half a pair', 'a\ud83d'],
  ['a blank at the beginning', ' Kitchen'],
  ['a wide blank at the end', 'Kitchen\u3000']
]

t.test('plain texts of up to 64 bytes are names', async t => {
  for (const text of good) {
    t.ok(isComputerName(text), text)
    t.equal(decodeComputerName(encodeComputerName(text)), text)
  }
})

t.test('long, invisible and misleading texts are no names, neither as a setting nor from a link', async t => {
  for (const [what, text] of bad) {
    t.notOk(isComputerName(text), what)
    if (!/\p{Cs}/u.test(text)) t.equal(decodeComputerName(encodeComputerName(text)), undefined, what)
  }
  for (const hex of ['80', 'c0af', 'eda0bd', 'f4908080', '6162ff'])
    t.equal(decodeComputerName(new Uint8Array(Buffer.from(hex, 'hex'))), undefined, hex)
  t.equal(decodeComputerName(new Uint8Array(65_000)), undefined)
})

t.test('a computer without a name says an empty one', async t => {
  t.equal(encodeComputerName(undefined).length, 0)
})
