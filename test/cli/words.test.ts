// The list of words for names that are read out.
import t from 'tap'
import { isChannelName } from '../../src/core/channel-name.ts'
import { TRANSFER_WORDS, wordName, WORDS } from '../../src/cli/words.ts'

/** Whether two words differ by one letter at most: another one, one more or one less. */
function isNear(a: string, b: string): boolean {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 1
  while (a.length - end >= start && b.length - end >= start && a.at(-end) === b.at(-end)) end++
  return Math.max(a.length, b.length) - end - start + 1 <= 1
}

t.test('there are 2048 different words, sorted, of four to seven letters', async t => {
  t.equal(WORDS.length, 2048)
  t.strictSame(WORDS, [...new Set(WORDS)].sort())
  t.strictSame(
    WORDS.filter(word => !/^[a-z]{4,7}$/.test(word)),
    []
  )
})

t.test('no two words differ by one letter', async t => {
  const near: string[] = []
  for (const [index, word] of WORDS.entries())
    for (const other of WORDS.slice(index + 1)) if (isNear(word, other)) near.push(`${word} ${other}`)
  t.strictSame(near, [])
})

t.test('a name of words is a channel name, and guesses at the name of one transfer are rationed', async t => {
  for (let index = 0; index < 100; index++) {
    const name = wordName(TRANSFER_WORDS)
    t.ok(isChannelName(name), name)
    t.equal(name.split('-').length, TRANSFER_WORDS)
    t.ok(name.length < 26, 'proxies ration guesses at names of less than 26 characters')
  }
  t.ok(new Set(Array.from({ length: 1000 }, () => wordName(1))).size > 700, 'every word can come')
})
