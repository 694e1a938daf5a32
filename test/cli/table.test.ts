// Tables of the command on wide and narrow terminals.
import t from 'tap'
import { table } from '../../src/cli/output.ts'

const columns = [
  { title: 'PROXY', value: ({ id }: { id: string; peers: number }) => id },
  { title: 'PEERS', value: ({ peers }: { id: string; peers: number }) => peers, right: true }
]
const rows = [
  { id: 'a'.repeat(20), peers: 1 },
  { id: 'b', peers: 22 }
]

t.test('a line for each row, if the terminal is wide enough', async t => {
  const expected = `PROXY                 PEERS\n${'a'.repeat(20)}      1\nb                        22\n`
  t.equal(table(rows, columns, false), expected, 'no terminal')
  t.equal(table(rows, columns, false, 27), expected)
})

t.test('otherwise a line for each value', async t => {
  t.equal(table(rows, columns, false, 26), `PROXY  ${'a'.repeat(20)}\nPEERS  1\n\nPROXY  b\nPEERS  22\n`)
})
