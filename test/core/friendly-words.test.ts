// The two words of an id: the same everywhere, and of plain form.
import t from 'tap'
import { friendlyWords } from '../../src/core/friendly-words.ts'

t.test('an id has the same words on every machine', async t => {
  // Other implementations may compare with these.
  const vectors: Record<string, string> = {
    '': 'balmy kiwi',
    '2ysf73cixfzb7ilsj5tllm7s7i': 'scarlet guitar',
    aaaaaaaaaaaaaaaaaaaaaaaaaa: 'mild tiger',
    n5Q0v3eOT6G7xkB1ylWq2g: 'copper pelican',
    '0123': 'basic walnut'
  }
  for (const [id, words] of Object.entries(vectors)) t.equal(friendlyWords(id), words, id)
})

t.test('all words of both lists occur, each of three to eight small letters, and no word is in both', async t => {
  const qualities = new Set<string>()
  const nouns = new Set<string>()
  for (let n = 0; n < 10_000; n++) {
    const [quality, noun] = friendlyWords(`peer ${n}`).split(' ') as [string, string]
    qualities.add(quality)
    nouns.add(noun)
  }
  t.equal(qualities.size, 256)
  t.equal(nouns.size, 256)
  for (const word of [...qualities, ...nouns]) t.match(word, /^[a-z]{3,8}$/)
  t.equal(new Set([...qualities, ...nouns]).size, 512)
})
