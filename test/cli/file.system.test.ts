// `nws file` between two hosts: through a cut of the link that is long enough for it to be given up, and what is never
// done. Real proxies, real network namespaces.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nws, startNws } from '../support/cli.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { startServer } from '../support/process.ts'
import { startProxy } from '../support/proxies.ts'
import { needs } from '../support/needs.ts'

const { skip } = needs('namespaces')
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

t.test('a file goes through a cut of the link, and the checksums are equal', { skip }, async t => {
  const folder = t.testdir({ in: {} })
  const bytes = randomBytes(12_000_003)
  writeFileSync(join(folder, 'holiday.bin'), bytes)
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  // Links die after two seconds of silence and not after 45.
  const mesh = { linkTimings: { pingMs: 400, deadMs: 2000, probeMs: 1000 }, dialTimings: {} }
  const [a, b] = await Promise.all([startProxy(alice, { mesh }), startProxy(bob, { mesh })])
  await a.linkedTo([b])
  // A slow way, so that the cut comes in the middle: 16 Mbit/s.
  alice.exec('tc', [
    'qdisc',
    'add',
    'dev',
    'eth0',
    'root',
    'tbf',
    'rate',
    '16mbit',
    'burst',
    '32kbit',
    'latency',
    '400ms'
  ])
  const receiver = startNws(t, ['file', 'receive', 'photos', '--directory', join(folder, 'in'), '--json'], {
    namespace: bob.namespace
  })
  const sender = startNws(t, ['file', 'send', 'photos', join(folder, 'holiday.bin'), '--json'], {
    namespace: alice.namespace
  })
  await receiver.says('stderr', /Receiving holiday\.bin/)
  await b.until<{ channels: { bytes: number }[] }>('/api/channels', ({ channels }) =>
    channels.some(({ bytes }) => bytes > 2_000_000)
  )
  bob.cut()
  await a.linkedTo([], 60_000)
  await b.linkedTo([], 60_000)
  t.ok(
    readdirSync(join(folder, 'in')).some(name => name.endsWith('.nws-part')),
    'it was in the middle'
  )
  t.notOk(existsSync(join(folder, 'in', 'holiday.bin')), 'and what is not whole has not the name')
  bob.heal()
  const [sent, received] = await Promise.all([sender.ended, receiver.ended])
  t.equal(sent.code, 0, sent.stderr)
  t.equal(received.code, 0, received.stderr)
  t.match(JSON.parse(received.stdout), {
    path: join(folder, 'in', 'holiday.bin'),
    size: bytes.length,
    sha256: hashOf(bytes)
  })
  t.match(JSON.parse(sent.stdout), { name: 'holiday.bin', sha256: hashOf(bytes) })
  t.equal(hashOf(readFileSync(join(folder, 'in', 'holiday.bin'))), hashOf(bytes))
  t.strictSame(readdirSync(join(folder, 'in')), ['holiday.bin'], 'nothing else is left')
})

t.test('on one machine', async t => {
  const server = startServer(t, {})
  const url = ['--url', `http://localhost:${await server.port()}`]
  const folder = t.testdir({ in: {}, second: {} })
  const path = join(folder, 'notes.txt')
  const bytes = randomBytes(700_001)
  writeFileSync(path, bytes)

  await t.test('several receivers are served side by side', async t => {
    const receivers = ['in', 'second'].map(name =>
      startNws(t, ['file', 'receive', 'two', ...url, '--directory', join(folder, name)])
    )
    const sent = await nws(t, ['file', 'send', 'two', path, ...url, '--receivers', '2', '--json'])
    t.equal(sent.code, 0, sent.stderr)
    t.equal(sent.stdout.trim().split('\n').length, 2, 'a line for each')
    for (const [index, { ended }] of receivers.entries()) {
      const place = join(folder, ['in', 'second'][index]!, 'notes.txt')
      t.match(await ended, { code: 0, stdout: `${place}\n` })
      t.same(readFileSync(place), bytes)
    }
  })

  await t.test('a file that is there is not overwritten unless that is wanted', async t => {
    writeFileSync(join(folder, 'in', 'notes.txt'), 'mine')
    const refused = startNws(t, ['file', 'receive', 'again', ...url, '--directory', join(folder, 'in')])
    const sender = startNws(t, ['file', 'send', 'again', path, ...url])
    t.match(await refused.ended, { code: 1, stderr: /NWS_CLI_FILE_EXISTS/ })
    t.equal(readFileSync(join(folder, 'in', 'notes.txt'), 'utf8'), 'mine')
    const replaced = await nws(t, [
      'file',
      'receive',
      'again',
      ...url,
      '--directory',
      join(folder, 'in'),
      '--overwrite'
    ])
    t.equal(replaced.code, 0, replaced.stderr)
    t.equal((await sender.ended).code, 0, 'the sender waited for somebody who takes it')
    t.same(readFileSync(join(folder, 'in', 'notes.txt')), bytes)
  })

  await t.test('it goes on where an earlier transfer was broken off, and a wrong beginning is found out', async t => {
    const target = join(folder, 'rest')
    mkdirSync(target)
    const part = join(target, `.notes.txt.${hashOf(bytes).slice(0, 16)}.nws-part`)
    writeFileSync(part, bytes.subarray(0, 300_000))
    const sender = startNws(t, ['file', 'send', 'rest', path, ...url])
    const received = await nws(t, ['file', 'receive', 'rest', ...url, '--directory', target])
    t.match(received, { code: 0, stderr: /Going on at 293\.0 KiB/ })
    t.same(readFileSync(join(target, 'notes.txt')), bytes)
    t.equal((await sender.ended).code, 0)

    writeFileSync(part, Buffer.alloc(300_000))
    const receiver = startNws(t, [
      'file',
      'receive',
      'rest',
      ...url,
      '--output',
      join(target, 'notes.txt'),
      '--overwrite'
    ])
    // It is there before the sender, who waits for nobody for long.
    while ((await fetch(`${url[1]!}/api/channels/rest`)).status !== 200)
      await new Promise(resolve => setImmediate(resolve))
    const second = startNws(t, ['file', 'send', 'rest', path, ...url, '--timeout', '2'])
    t.match(await receiver.ended, { code: 1, stdout: '', stderr: /NWS_CLI_FILE_CHECKSUM/ })
    t.same(readFileSync(join(target, 'notes.txt')), bytes, 'what was there stays')
    t.match(await second.ended, { code: 6, stderr: /NWS_CLI_FILE_INCOMPLETE/ })
    t.strictSame(readdirSync(target), ['notes.txt'], 'the wrong part is gone')
  })

  await t.test('an empty file is a file', async t => {
    writeFileSync(join(folder, 'empty'), '')
    const sender = startNws(t, ['file', 'send', 'none', join(folder, 'empty'), ...url])
    const received = await nws(t, ['file', 'receive', 'none', ...url, '--directory', join(folder, 'in')])
    t.match(received, { code: 0, stdout: `${join(folder, 'in', 'empty')}\n` })
    t.equal((await sender.ended).code, 0)
    t.equal(readFileSync(join(folder, 'in', 'empty')).length, 0)
  })

  await t.test('what cannot be done', async t => {
    t.match(await nws(t, ['file', 'send', 'x', join(folder, 'no-such-file'), ...url]), {
      code: 1,
      stderr: /NWS_CLI_FILE: .*ENOENT/
    })
    t.match(await nws(t, ['file', 'send', 'x', folder, ...url]), { code: 1, stderr: /NWS_CLI_FILE: .*ordinary files/ })
    t.match(await nws(t, ['file', 'send', 'x', ...url]), { code: 2, stderr: /NWS_CLI_USAGE/ })
    t.match(await nws(t, ['file', 'send', 'x', path, ...url, '--timeout', '0.2']), {
      code: 5,
      stderr: /NWS_CLI_TIMEOUT/
    })
    t.match(await nws(t, ['file', 'receive', 'x', ...url, '--timeout', '0.2']), { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
  })
})

t.test('a proxy that is lost does not put off the end of the time', async t => {
  const folder = t.testdir({ file: 'some bytes' })
  const server = startServer(t, {})
  const sender = startNws(t, ['file', 'send', 'x', join(folder, 'file'), '--timeout', '1'], {
    env: { NWS_PORT: String(await server.port()) }
  })
  await sender.says('stderr', /Offering/)
  server.child.kill('SIGKILL')
  t.match(await sender.ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
})
