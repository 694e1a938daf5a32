// Which names count as strong (docs/protocol/link.md §3).
import t from 'tap'
import { isStrongName } from '../../src/core/channel-name.ts'

const DISTINCT = 'abcdefghijkl'

t.test('a strong name has at least 26 characters, of which 12 are distinct', async t => {
  t.ok(isStrongName(DISTINCT + 'a'.repeat(14)))
  t.notOk(isStrongName(DISTINCT + 'a'.repeat(13)), '25 characters')
  t.notOk(isStrongName(DISTINCT.slice(1) + 'b'.repeat(15)), '11 distinct characters')
})
