// Names that peers offer: whatever they are, the file stays in the folder and is visible there.
import assert from 'node:assert/strict'
import { join, dirname } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { MAX_NAME_BYTES, safeName } from '../../../src/client/files/names.ts'

t.test('an offered name becomes one that can be stored, or none', async t => {
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
    ['.', undefined],
    ['..', undefined],
    [' ..', undefined],
    ['.. ', undefined],
    ['. .', undefined],
    ['a/..', undefined],
    ['', undefined],
    ['x/', undefined],
    ['   ', undefined],
    ['a\u0000b\u001b[2J', 'a_b_[2J'],
    ['txt.\u202eexe', 'txt._exe'],
    ['a\ud800b', 'a_b'],
    ['name. . ', 'name'],
    ['con', '_con'],
    ['Nul.txt', '_Nul.txt'],
    ['COM7 .log', '_COM7 .log'],
    ['console', 'console'],
    ['é'.repeat(100), 'é'.repeat(100)],
    ['é'.repeat(101), undefined]
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
