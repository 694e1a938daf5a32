// Names that peers offer: with any of them the file stays in the folder and is visible there.
import assert from 'node:assert/strict'
import { join, dirname } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { MAX_NAME_BYTES, safeName, safePath } from '../../../src/client/files/names.ts'

t.test('an offered name becomes one that can be stored', async t => {
  for (const [offered, safe] of [
    ['holiday.jpg', 'holiday.jpg'],
    ['Größe 漢字 🙂.txt', 'Größe 漢字 🙂.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\x\\y.txt', 'y.txt'],
    ['.bashrc', '_bashrc'],
    [' .bashrc', '_bashrc'],
    ['\u00a0.zshenv', '_zshenv'],
    ['\u2003\u3000.bashrc', '_bashrc'],
    ['\ufeff.profile', '_profile'],
    ['\u200b.profile', '_.profile'],
    ['...rc', '_rc'],
    ['.', 'file'],
    ['..', 'file'],
    [' ..', 'file'],
    ['.. ', 'file'],
    ['. .', 'file'],
    ['a/..', 'file'],
    ['', 'file'],
    ['x/', 'file'],
    ['   ', 'file'],
    ['a\u0000b\u001b[2J', 'a_b_[2J'],
    ['txt.\u202eexe', 'txt._exe'],
    ['a\ud800b', 'a_b'],
    ['name. . ', 'name'],
    ['con', '_con'],
    ['Nul.txt', '_Nul.txt'],
    ['COM7 .log', '_COM7 .log'],
    ['console', 'console'],
    ['é'.repeat(100), 'é'.repeat(100)],
    ['é'.repeat(101), `${'é'.repeat(80)}${'é'.repeat(20)}`],
    [`${'n'.repeat(300)}.tar.gz`, `${'n'.repeat(193)}.tar.gz`],
    [`aux.${'n'.repeat(300)}`, `_aux.${'n'.repeat(195)}`]
  ] as const)
    t.equal(safeName(offered), safe, JSON.stringify(offered))
})

t.test('no name of any characters leaves the folder or hides in it', async t => {
  const nasty = fc.constantFrom(
    ...['.', '..', '/', '\\', ' ', '\u00a0', '\u2003', '\ufeff', '\u200b', '\u202e', '\u2028', '\0', '\u001b'],
    ...['\u0085', '\ud800', '\u{e0001}', ':', 'CON', 'nul', 'lpt1', '~', '-', 'rc']
  )
  const anything = fc.string({ unit: 'binary', maxLength: 80 })
  const offered = fc
    .array(fc.oneof(nasty, anything, fc.string({ unit: 'grapheme', maxLength: 3 })), { maxLength: 12 })
    .map(parts => parts.join(''))
  const property = fc.property(offered, name => {
    const safe = safeName(name)
    if (safe === undefined) return
    assert.equal(dirname(join('/folder', safe)), '/folder')
    assert.doesNotMatch(safe, /^\.|^\s|[\s.]$|[/\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    assert.doesNotMatch(safe, /^(?:con|prn|aux|nul|com\d|lpt\d)\s*(?:\.|$)/i)
    assert.ok(safe.length > 0 && Buffer.byteLength(safe) <= MAX_NAME_BYTES)
    assert.equal(Buffer.from(safe).toString(), safe, 'it is well-formed')
    assert.equal(safeName(safe), safe, 'it stays as it is')
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 5000 }))
})

t.test('a path keeps its folders and never leads upwards', async t => {
  for (const [offered, safe] of [
    ['a/b/c.txt', 'a/b/c.txt'],
    ['a\\b', 'a/b'],
    ['/etc/passwd', 'etc/passwd'],
    ['../../x', 'x'],
    ['a/../../b', 'a/b'],
    ['a/ .. /b', 'a/b'],
    ['.git/hooks/post-checkout', '_git/hooks/post-checkout'],
    ['a//b/./c', 'a/b/c'],
    ['', 'file'],
    ['../', 'file'],
    [`${'d/'.repeat(100)}x`, `${'d/'.repeat(32)}x`]
  ] as const)
    t.equal(safePath(offered), safe, JSON.stringify(offered))
  const property = fc.property(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom('..', '/', ' ', '.')),
    (text, more) => {
      for (const component of safePath([text, ...more, text].join('/')).split('/'))
        assert.equal(safeName(component), component)
    }
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2000 }))
})
