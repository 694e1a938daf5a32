// A part file in a folder that another user may write into: what they put in its place is neither followed nor changed.
import { createHash } from 'node:crypto'
import { chownSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { PartFile } from '../../src/cli/file/part-file.ts'

const bytes = Buffer.from('the bytes of the sender, longer than the private file')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const PART = `.photo.jpg.${sha256.slice(0, 16)}.nws-part`

const receive = async (folder: string): Promise<PartFile> =>
  await PartFile.open({ path: join(folder, 'photo.jpg'), overwrite: false }, bytes.length, sha256)

for (const [what, put] of [
  ['a symbolic link', (victim: string, part: string) => symlinkSync(victim, part)],
  ['a symbolic link to nothing', (victim: string, part: string) => symlinkSync(`${victim}-gone`, part)],
  ['a hard link', (victim: string, part: string) => linkSync(victim, part)],
  ['a folder', (_: string, part: string) => mkdirSync(part)],
  ['a pipe', (_: string, part: string) => spawnSync('mkfifo', [part])]
] as const)
  t.test(`${what} in place of the part file is refused`, async t => {
    const folder = t.testdir({ shared: {}, victim: 'private' })
    const victim = join(folder, 'victim')
    put(victim, join(folder, 'shared', PART))
    const before = statSync(victim)
    await t.rejects(receive(join(folder, 'shared')), { code: 'NWS_CLI_FILE_PART' })
    t.equal(readFileSync(victim, 'utf8'), 'private')
    t.equal(statSync(victim).mode, before.mode)
    t.strictSame(readdirSync(folder).sort(), ['shared', 'victim'], 'nothing is made behind the link')
  })

t.test(
  'a file of another user is refused',
  { skip: process.geteuid?.() === 0 ? false : 'needs root to give a file away' },
  async t => {
    const folder = t.testdir({ [PART]: 'theirs' })
    chownSync(join(folder, PART), 12_345, 12_345)
    await t.rejects(receive(folder), { code: 'NWS_CLI_FILE_PART' })
    t.equal(readFileSync(join(folder, PART), 'utf8'), 'theirs')
  }
)

t.test('a link that takes the place of the part file meanwhile does not get the name', async t => {
  const folder = t.testdir({ victim: 'private' })
  const part = await receive(folder)
  await part.append(bytes)
  renameSync(join(folder, PART), join(folder, 'aside'))
  symlinkSync('victim', join(folder, PART))
  await t.rejects(part.finish(sha256), { code: 'NWS_CLI_FILE_PART' })
  await part.close()
  t.notOk(readdirSync(folder).includes('photo.jpg'))
})

t.test('the umask decides from the beginning who may read it, and nothing else stays', async t => {
  const folder = t.testdir({})
  const before = process.umask(0o027)
  t.teardown(() => process.umask(before))
  const part = await receive(folder)
  t.equal(statSync(join(folder, PART)).mode & 0o777, 0o640)
  await part.append(bytes)
  t.equal(await part.finish(sha256), 'ok')
  t.equal(statSync(join(folder, 'photo.jpg')).mode & 0o777, 0o640)
  t.strictSame(readdirSync(folder), ['photo.jpg'])
})

t.test('what is left of an earlier transfer is used', async t => {
  const folder = t.testdir({ [PART]: bytes.subarray(0, 10) })
  const part = await receive(folder)
  t.equal(part.size, 10)
  await part.append(bytes.subarray(10))
  t.equal(await part.finish(sha256), 'ok')
  t.same(readFileSync(join(folder, 'photo.jpg')), bytes)
})
