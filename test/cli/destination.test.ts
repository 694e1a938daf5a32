// The places that `nws file receive` gives to files: single ones, several, folders; and the user's files, which it never harms.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Destination } from '../../src/cli/file/destination.ts'
import type { ArrivingFile, FileOffer } from '../../src/client/files/file-offer.ts'

const VERSION = 'v'.repeat(20)
const STAGED = `.photos.${'v'.repeat(16)}.nws-part`
const open = async (output: string, files = 2, overwrite = false): Promise<Destination> =>
  await Destination.of({ files, version: VERSION } as FileOffer, { output, overwrite })

function arriving(path: string, content = path): ArrivingFile {
  return { index: 0, path, name: path.split('/').at(-1)!, type: '', size: Buffer.byteLength(content) }
}

async function put(destination: Destination, path: string): Promise<void> {
  const sink = await destination.sinkFor(arriving(path))
  for await (const _ of sink.existing ?? []);
  if (!existsSync(destination.pathOf({ path })) || path.includes('/')) await sink.write([Buffer.from(path)])
  await sink.close()
}

t.test('files go into the folder, folders appear when everything is there', async t => {
  const folder = t.testdir({})
  const destination = await open(folder)
  await put(destination, 'a.txt')
  await put(destination, 'photos/1.jpg')
  await put(destination, 'photos/sub/deep/2.jpg')
  t.strictSame(readdirSync(folder).sort(), [STAGED, 'a.txt'])
  await destination.finish()
  t.strictSame(readdirSync(folder).sort(), ['a.txt', 'photos'])
  t.equal(readFileSync(join(folder, 'photos/sub/deep/2.jpg'), 'utf8'), 'photos/sub/deep/2.jpg')
  t.equal(destination.pathOf({ path: 'photos/1.jpg' }), join(folder, 'photos/1.jpg'))
  t.equal(destination.topOf({ path: 'photos/1.jpg' }), join(folder, 'photos'))
})

t.test('a folder that is there is neither filled nor replaced, also not with overwrite', async t => {
  for (const overwrite of [false, true]) {
    const folder = t.testdir({ photos: { mine: 'x' } })
    const destination = await open(folder, 2, overwrite)
    await t.rejects(destination.sinkFor(arriving('photos/1.jpg')), { code: 'NWS_CLIENT_FILE_EXISTS' })
    t.strictSame(readdirSync(join(folder, 'photos')), ['mine'])
    const late = t.testdir({})
    const other = await open(late, 2, overwrite)
    await put(other, 'photos/1.jpg')
    mkdirSync(join(late, 'photos'))
    await t.rejects(other.finish(), { code: 'NWS_CLIENT_FILE_EXISTS' })
    t.strictSame(readdirSync(join(late, 'photos')), [])
  }
})

t.test('a folder goes on where it was', async t => {
  const folder = t.testdir({})
  const first = await open(folder)
  await put(first, 'photos/1.jpg')
  await first.giveUp(true)
  const second = await open(folder)
  const sink = await second.sinkFor(arriving('photos/1.jpg'))
  let length = 0
  for await (const part of sink.existing!) length += part.length
  t.equal(length, 'photos/1.jpg'.length)
  await sink.close()
  await second.finish()
  t.strictSame(readdirSync(folder), ['photos'])
})

t.test('a transfer that is given up leaves nothing', async t => {
  const folder = t.testdir({})
  const destination = await open(folder)
  await put(destination, 'photos/sub/1.jpg')
  await destination.giveUp(false)
  t.strictSame(readdirSync(folder), [])
})

t.test('links in place of folders are not followed', async t => {
  const folder = t.testdir({ shared: {}, private: { mine: 'x' }, other: { [STAGED]: {} } })
  symlinkSync('../private', join(folder, 'shared', STAGED))
  const destination = await open(join(folder, 'shared'))
  await t.rejects(destination.sinkFor(arriving('photos/1.jpg')), { cause: { code: 'NWS_CLI_FILE_PART' } })
  const inner = join(folder, 'other')
  symlinkSync('../../private', join(inner, STAGED, 'sub'))
  await t.rejects((await open(inner)).sinkFor(arriving('photos/sub/1.jpg')), { cause: { code: 'NWS_CLI_FILE_PART' } })
  t.strictSame(readdirSync(join(folder, 'private')), ['mine'])
})

t.test('one file takes the name that the user gave', async t => {
  const folder = t.testdir({})
  const destination = await open(join(folder, 'mine.bin'), 1)
  const sink = await destination.sinkFor(arriving('a/b/theirs.bin', 'x'))
  await sink.write([Buffer.from('x')])
  await sink.close()
  t.strictSame(readdirSync(folder), ['mine.bin'])
  await t.rejects(open(join(folder, 'none', 'mine.bin'), 1), { code: 'NWS_CLI_FILE', message: /ENOENT/ })
  await t.rejects(open(join(folder, 'mine.bin'), 2), { code: 'NWS_CLI_FILE', message: /folder that exists/ })
})

t.test(
  'a folder that cannot be written into is said',
  { skip: process.geteuid?.() === 0 ? 'root may write anywhere' : false },
  async t => {
    const folder = t.testdir({})
    chmodSync(folder, 0o500)
    const destination = await open(folder)
    await t.rejects(destination.sinkFor(arriving('a.txt')), { cause: { code: 'NWS_CLI_FILE', message: /EACCES/ } })
  }
)

t.test('the free space less a reserve can be used', async t => {
  const space = await (await open(t.testdir({}))).space()
  t.ok(space > 0 && Number.isInteger(space))
})
