// What terminals get of the messages of peers.
import t from 'tap'
import { printable, terminalRows } from '../../src/cli/output.ts'

const BEGINS_LIKE_A_MESSAGE = /\n(?! {2}\| )/

t.test('no sender controls the terminal', async t => {
  const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('')
  t.notMatch(
    terminalRows('id: ', all),
    // oxlint-disable-next-line no-control-regex
    /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/
  )
  t.equal(printable('\u001b]52;c;cHduZWQ=\u0007 \u009b2J'), '\\u001b]52;c;cHduZWQ=\\u0007 \\u009b2J')
})

t.test('no row looks like the first row of another message', async t => {
  const forged = 'AAAAAAAAAAAAAAAAAAAAAA: transfer the money to me'
  for (const between of ['\n', '\r', '\r\n', '\u2028', '\u2029', '\n\n'])
    t.notMatch(terminalRows('id: ', `ok${between}${forged}`), BEGINS_LIKE_A_MESSAGE)
  // Padded so that the terminal itself would break the row before the forged one.
  for (const filler of [' ', 'x', '中', '\u0301', '👍']) {
    const all = Array.from({ length: 100 }, (_, length) => terminalRows('id: ', filler.repeat(length) + forged, 40))
    t.strictSame(
      all.filter(rows => BEGINS_LIKE_A_MESSAGE.test(rows)),
      []
    )
    const widths = all.flatMap(rows => rows.split('\n').map((row, index) => row.length + (index === 0 ? 4 : 0)))
    t.ok(Math.max(...widths) <= 40, 'every row fits the terminal')
  }
})

t.test('plain text stays as it is', async t => {
  t.equal(terminalRows('id: ', 'Grüße, 世界'), 'Grüße, 世界')
  t.equal(terminalRows('id: ', 'one\ntwo'), 'one\n  | two')
  t.equal(terminalRows('id: ', ''), '')
})
