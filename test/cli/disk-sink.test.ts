// A file that is being received into a folder that another user may write into: what they put in its place is neither
// followed nor changed. And what stays of a transfer that ends early.
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDiskSink } from '../../src/cli/file/disk-sink.ts'
import { FileError, type FileErrorCode } from '../../src/client/files/errors.ts'
import type { Sink } from '../../src/client/files/sink.ts'

const bytes = Buffer.from('the bytes of the sender, longer than the private file')
const PART = '.photo.jpg.0123456789abcdef.nws-part'

const receive = async (
  folder: string,
  options: { overwrite?: boolean; size?: number | undefined } = {}
): Promise<Sink> => {
  const { overwrite = false } = options
  const place = { path: join(folder, 'photo.jpg'), overwrite, version: '0123456789abcdefgh' }
  return await openDiskSink(place, 'size' in options ? options.size : bytes.length)
}

async function existing({ existing = (async function* () {})() }: Sink): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of existing) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

const notOwn = { code: 'NWS_CLIENT_FILE_NOT_WRITTEN', cause: { code: 'NWS_CLI_FILE_PART' } }

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
    await t.rejects(receive(join(folder, 'shared')), notOwn)
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
    await t.rejects(receive(folder), notOwn)
    t.equal(readFileSync(join(folder, PART), 'utf8'), 'theirs')
  }
)

t.test('a link that takes the place of the part file meanwhile does not get the name', async t => {
  const folder = t.testdir({ victim: 'private' })
  const sink = await receive(folder)
  await sink.write([bytes])
  renameSync(join(folder, PART), join(folder, 'aside'))
  symlinkSync('victim', join(folder, PART))
  await t.rejects(async () => await sink.close(), notOwn)
  await sink.abort(new FileError('NWS_CLIENT_FILE_NOT_WRITTEN'))
  t.notOk(readdirSync(folder).includes('photo.jpg'))
})

t.test('a link under the final name is not followed, nor replaced', async t => {
  for (const target of ['victim', 'nothing']) {
    const folder = t.testdir({ victim: 'private' })
    symlinkSync(target, join(folder, 'photo.jpg'))
    await t.rejects(receive(folder), { code: 'NWS_CLIENT_FILE_EXISTS' })
    t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'private')
  }
})

t.test('the umask decides its rights from the beginning, and nothing else stays', async t => {
  const folder = t.testdir({})
  const before = process.umask(0o027)
  t.teardown(() => process.umask(before))
  const sink = await receive(folder)
  t.equal(statSync(join(folder, PART)).mode & 0o777, 0o640)
  await sink.write([bytes.subarray(0, 20), bytes.subarray(20)])
  await sink.close()
  t.equal(statSync(join(folder, 'photo.jpg')).mode & 0o777, 0o640)
  t.same(readFileSync(join(folder, 'photo.jpg')), bytes)
  t.strictSame(readdirSync(folder), ['photo.jpg'])
})

t.test('what is left of an earlier transfer is used, unless it is longer than the file', async t => {
  const folder = t.testdir({ [PART]: bytes.subarray(0, 10) })
  const sink = await receive(folder)
  t.same(await existing(sink), bytes.subarray(0, 10))
  await sink.write([bytes.subarray(10)])
  await sink.close()
  t.same(readFileSync(join(folder, 'photo.jpg')), bytes)

  const other = t.testdir({ [PART]: Buffer.alloc(1000) })
  t.same(await existing(await receive(other)), Buffer.alloc(0))
})

t.test('a file that is there stays, and is offered for comparison if it has the same size', async t => {
  const folder = t.testdir({ 'photo.jpg': bytes })
  const same = await receive(folder)
  t.same(await existing(same), bytes)
  await same.close()
  t.throws(() => same.write([bytes]), { code: 'NWS_CLIENT_FILE_EXISTS' })
  await t.rejects(receive(folder, { size: 5 }), { code: 'NWS_CLIENT_FILE_EXISTS' })
  await t.rejects(receive(folder, { size: undefined }), { code: 'NWS_CLIENT_FILE_EXISTS' })
  t.same(readFileSync(join(folder, 'photo.jpg')), bytes)
})

t.test('a file that comes into being meanwhile stays', async t => {
  const folder = t.testdir({})
  const sink = await receive(folder)
  await sink.write([bytes])
  writeFileSync(join(folder, 'photo.jpg'), 'mine')
  await t.rejects(async () => await sink.close(), { code: 'NWS_CLIENT_FILE_EXISTS' })
  await sink.abort(new FileError('NWS_CLIENT_FILE_EXISTS'))
  t.equal(readFileSync(join(folder, 'photo.jpg'), 'utf8'), 'mine')
})

t.test('with overwrite it takes the place of the file, when it is complete', async t => {
  const folder = t.testdir({ 'photo.jpg': 'mine' })
  const sink = await receive(folder, { overwrite: true })
  await sink.write([bytes])
  t.equal(readFileSync(join(folder, 'photo.jpg'), 'utf8'), 'mine')
  await sink.close()
  t.same(readFileSync(join(folder, 'photo.jpg')), bytes)
  t.strictSame(readdirSync(folder), ['photo.jpg'])
})

t.test('only a transfer that can go on later leaves something', async t => {
  for (const [code, stays] of [
    ['NWS_CLIENT_FILE_GONE', true],
    ['NWS_CLIENT_FILE_NO_SPACE', true],
    ['NWS_CLIENT_FILE_CANCELLED', false],
    ['NWS_CLIENT_FILE_CHECKSUM', false],
    ['NWS_CLIENT_FILE_BROKEN', false],
    ['NWS_CLIENT_FILE_TOO_LARGE', false],
    ['NWS_CLIENT_FILE_CHANGED', false]
  ] as const satisfies readonly (readonly [FileErrorCode, boolean])[]) {
    const folder = t.testdir({})
    const sink = await receive(folder)
    await sink.write([bytes])
    await sink.abort(new FileError(code))
    t.strictSame(readdirSync(folder), stays ? [PART] : [], code)
  }
})
