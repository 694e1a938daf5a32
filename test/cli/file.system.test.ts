// `nws file` as its users run it: several files and folders, through cuts and kills, with a full disk, on a terminal, and
// against a sender that lies. Real proxies, real processes, real network namespaces.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nws, startNws, type RunningNws } from '../support/cli.ts'
import { HostileSender } from '../support/hostile-sender.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'
import { startProxy } from '../support/proxies.ts'

const { skip } = needs('namespaces', 'tc')
/** A full disk is a small file system of its own. */
const noDisk = { skip: process.geteuid?.() === 0 ? (false as const) : 'only root can mount a file system' }
const namesBelow = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort()
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

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
  alice.exec('tc', 'qdisc add dev eth0 root tbf rate 16mbit burst 32kbit latency 400ms'.split(' '))
  const receiver = startNws(t, ['file', 'receive', 'photos', '--yes', '--output', join(folder, 'in'), '--json'], {
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
  t.match(JSON.parse(sent.stdout), { name: 'holiday.bin', files: 1, size: bytes.length })
  t.equal(hashOf(readFileSync(join(folder, 'in', 'holiday.bin'))), hashOf(bytes))
  t.strictSame(readdirSync(join(folder, 'in')), ['holiday.bin'], 'nothing else is left')
})

/** Waits until a channel has a peer. */
async function isThere(url: string, channel: string): Promise<void> {
  while ((await fetch(`${url}/api/channels/${channel}`)).status !== 200)
    await new Promise(resolve => setImmediate(resolve))
}

t.test('on one machine', async t => {
  const server = startServer(t, {})
  const address = `http://localhost:${await server.port()}`
  const url = ['--url', address]
  const folder = t.testdir({ in: {}, second: {}, third: {} })
  const path = join(folder, 'notes.txt')
  const bytes = randomBytes(700_001)
  writeFileSync(path, bytes)
  const receive = (channel: string, output: string, ...more: string[]): RunningNws =>
    startNws(t, ['file', 'receive', channel, ...url, '--yes', '--output', output, ...more])
  const send = (channel: string, ...more: string[]): RunningNws =>
    startNws(t, ['file', 'send', channel, ...url, ...more])

  await t.test('several receivers are served side by side, and each gets a receipt', async t => {
    const receivers = ['in', 'second'].map(name => receive('two', join(folder, name)))
    const sent = await send('two', path, '--receivers', '2', '--json').ended
    t.equal(sent.code, 0, sent.stderr)
    t.equal(sent.stdout.trim().split('\n').length, 2, 'a line for each')
    for (const [index, { ended }] of receivers.entries()) {
      const place = join(folder, ['in', 'second'][index]!, 'notes.txt')
      t.match(await ended, { code: 0, stdout: `${place}\n` })
      t.same(readFileSync(place), bytes)
    }
  })

  await t.test('several files and a folder come in one go, without a hidden file', async t => {
    const odd = t.testdir({ f: { sub: { '1': 'one' }, '.hidden': 'x', empty: '' }, 'a b.txt': 'ab', out: {} })
    const receiver = receive('many', join(odd, 'out'))
    const sent = await send('many', join(odd, 'a b.txt'), join(odd, 'f'), path).ended
    t.equal(sent.code, 0, sent.stderr)
    const received = await receiver.ended
    t.equal(received.stdout, ['a b.txt', 'f', 'notes.txt'].map(name => `${join(odd, 'out', name)}\n`).join(''))
    t.strictSame(namesBelow(join(odd, 'out')), [
      'a b.txt',
      'f',
      'f/_hidden',
      'f/empty',
      'f/sub',
      'f/sub/1',
      'notes.txt'
    ])
    t.same(readFileSync(join(odd, 'out', 'notes.txt')), bytes)
    t.match(await send('x', path, path).ended, { code: 2, stderr: /NWS_CLI_USAGE.*same name/ })
  })

  await t.test('standard input goes to standard output', async t => {
    const receiver = startNws(t, ['file', 'receive', 'pipe', ...url, '--yes', '--output', '-'])
    const sender = startNws(t, ['file', 'send', 'pipe', '-', '--as', 'x', ...url], { input: bytes })
    t.match(await sender.ended, { code: 0 })
    const { bytes: out, code } = await receiver.ended
    t.equal(code, 0)
    t.ok(out.equals(bytes))
  })

  await t.test('a code of three words is a channel for one transfer', async t => {
    const sender = send('--code', path)
    await sender.says('stdout', /nws file receive \w+-\w+-\w+\n/)
    const [, code] = /receive (\S+)/.exec(sender.text.stdout)!
    const received = await receive(code!, join(folder, 'third')).ended
    t.equal(received.code, 0, received.stderr)
    t.equal((await sender.ended).code, 0)
    t.equal((await fetch(`${address}/api/channels/${code!}`)).status, 404, 'the channel is closed')
  })

  await t.test('a file that is there is not overwritten unless that is wanted, and the sender is told', async t => {
    writeFileSync(join(folder, 'in', 'notes.txt'), 'mine')
    const sender = send('again', path)
    const refused = receive('again', join(folder, 'in'))
    t.match(await refused.ended, { code: 1, stderr: /NWS_CLI_FILE_EXISTS/ })
    await sender.says('stderr', /has not got it\. NWS_CLIENT_FILE_EXISTS/)
    t.equal(readFileSync(join(folder, 'in', 'notes.txt'), 'utf8'), 'mine')
    const replaced = await receive('again', join(folder, 'in'), '--overwrite').ended
    t.equal(replaced.code, 0, replaced.stderr)
    t.equal((await sender.ended).code, 0, 'the sender waited for another receiver')
    t.same(readFileSync(join(folder, 'in', 'notes.txt')), bytes)
    const same = send('again', path)
    t.match(await receive('again', join(folder, 'in')).ended, { code: 0 }, 'a file that is the same is there already')
    t.equal((await same.ended).code, 0)
  })

  await t.test('it goes on where a killed receiver was, and where a killed sender was', async t => {
    const big = t.testdir({ in: {} })
    const content = randomBytes(60_000_000)
    writeFileSync(join(big, 'big'), content)
    const receiver = receive('killed', join(big, 'in'))
    const sender = send('killed', join(big, 'big'))
    const part = (): string | undefined => readdirSync(join(big, 'in')).find(name => name.endsWith('.nws-part'))
    const sizeOfPart = (): number => (part() === undefined ? 0 : readFileSync(join(big, 'in', part()!)).length)
    while (sizeOfPart() < 5_000_000) await new Promise(resolve => setImmediate(resolve))
    receiver.child.kill('SIGKILL')
    await receiver.ended
    await sender.says('stderr', /has left, and may come back/)
    const had = sizeOfPart()
    t.ok(had > 0 && had < content.length)
    const second = receive('killed', join(big, 'in'))
    while (sizeOfPart() < had + 5_000_000) await new Promise(resolve => setImmediate(resolve))
    sender.child.kill('SIGKILL')
    const again = send('killed', join(big, 'big'))
    // This receiver waits for the sender that it knows; another one takes the new offer.
    second.child.kill('SIGKILL')
    const third = await receive('killed', join(big, 'in'), '--json').ended
    t.equal(third.code, 0, third.stderr)
    t.equal((await again.ended).code, 0)
    t.equal(hashOf(readFileSync(join(big, 'in', 'big'))), hashOf(content))
    t.strictSame(readdirSync(join(big, 'in')), ['big'])
  })

  await t.test('a wrong beginning is found out, said at both ends, and thrown away', async t => {
    const target = join(folder, 'rest')
    mkdirSync(target)
    const first = receive('rest', target)
    const sender = send('rest', path)
    await Promise.all([first.ended, sender.ended])
    const damaged = Buffer.from(bytes)
    damaged[5]!++
    writeFileSync(join(target, 'notes.txt'), damaged)
    const wrong = send('rest', path, '--timeout', '2')
    const received = receive('rest', target)
    t.match(await received.ended, { code: 1, stdout: '', stderr: /NWS_CLI_FILE_CHECKSUM/ })
    t.match(await wrong.ended, { code: 1, stderr: /NWS_CLIENT_FILE_CHECKSUM[^]*NWS_CLI_FILE_REFUSED/ })
    t.same(readFileSync(join(target, 'notes.txt')), damaged, 'the file of the user stays')
    t.strictSame(readdirSync(target), ['notes.txt'])
  })

  await t.test('Ctrl-C at either end is told to the other, and leaves nothing', async t => {
    const target = t.testdir({ in: {} })
    writeFileSync(join(target, 'big'), randomBytes(80_000_000))
    const receiver = receive('stop', join(target, 'in'))
    const sender = send('stop', join(target, 'big'), '--timeout', '2')
    await receiver.says('stderr', /Receiving/)
    receiver.child.kill('SIGINT')
    t.match(await receiver.ended, { signal: 'SIGINT' })
    t.strictSame(readdirSync(join(target, 'in')), [])
    t.match(await sender.ended, { code: 1, stderr: /NWS_CLIENT_FILE_CANCELLED/ })
    const other = receive('stop', join(target, 'in'))
    const stopped = send('stop', join(target, 'big'))
    await other.says('stderr', /Receiving/)
    stopped.child.kill('SIGINT')
    t.match(await stopped.ended, { signal: 'SIGINT' })
    t.match(await other.ended, { code: 1, stderr: /NWS_CLI_FILE_STOPPED/ })
    t.strictSame(readdirSync(join(target, 'in')), [])
  })

  await t.test('a receiver asks on a terminal, and takes no for an answer', needs('script'), async t => {
    const terminal = (answer: string): RunningNws =>
      startNws(t, ['file', 'receive', 'ask', ...url, '--output', join(folder, 'third'), '--overwrite'], {
        terminal: { answer, to: /y\/N / }
      })
    const sender = send('ask', path)
    const no = await terminal('n\n').ended
    t.match(no, { code: 1 })
    t.match(no.stdout, /peer \S{6}\) offers notes\.txt, 683\.6 KiB: take it\? y\/N/)
    t.match(no.stdout, /NWS_CLI_FILE_DECLINED/)
    await sender.says('stderr', /NWS_CLIENT_FILE_DECLINED/)
    t.match(await terminal('y\n').ended, { code: 0 })
    t.equal((await sender.ended).code, 0)
    const code = send('--code', path)
    await code.says('stdout', /receive \S+\n/)
    const [, name] = /receive (\S+)/.exec(code.text.stdout)!
    await startNws(t, ['file', 'receive', name!, ...url], { terminal: { answer: '\n', to: /y\/N / } }).ended
    t.match(await code.ended, { code: 1, stderr: /NWS_CLI_FILE_REFUSED/ }, 'a code is over with the first answer')
  })

  await t.test('too large, not enough space, no folder: said at both ends', async t => {
    const sender = send('large', path)
    t.match(await receive('large', folder, '--max-size', '100K').ended, { code: 1, stderr: /NWS_CLI_FILE_TOO_LARGE/ })
    await sender.says('stderr', /NWS_CLIENT_FILE_TOO_LARGE/)
    t.match(await receive('large', join(folder, 'no', 'such')).ended, { code: 1, stderr: /NWS_CLI_FILE: .*ENOENT/ })
    await sender.says('stderr', /NWS_CLIENT_FILE_NOT_WRITTEN/)
    sender.child.kill('SIGKILL')
    const stream = startNws(t, ['file', 'send', 'large', '-', ...url, '--timeout', '1'], { input: bytes })
    t.match(await receive('large', folder, '--max-size', '100K').ended, { code: 1, stderr: /NWS_CLI_FILE_TOO_LARGE/ })
    t.match(await stream.ended, { code: 1, stderr: /NWS_CLIENT_FILE_TOO_LARGE/ })
  })

  await t.test('a full disk is said at both ends, and the transfer goes on when there is room', noDisk, async t => {
    const disk = t.testdir({})
    t.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'nws-files-test', disk]).status, 0)
    t.teardown(() => spawnSync('umount', ['-l', disk]))
    const path = join(t.testdirName, '..', 'nws-files-wide.bin')
    t.teardown(() => rmSync(path, { force: true }))
    const content = randomBytes(250_000_000)
    writeFileSync(path, content)
    const fill = (size: string): unknown => spawnSync('fallocate', ['-l', size, join(disk, 'other')])
    fill('100M')
    const sender = send('full', path)
    t.match(await receive('full', disk).ended, { code: 1, stderr: /NWS_CLI_FILE_SPACE/ }, 'before the first byte')
    await sender.says('stderr', /NWS_CLIENT_FILE_NO_SPACE/)
    t.strictSame(readdirSync(disk), ['other'])
    rmSync(join(disk, 'other'))
    const receiver = receive('full', disk)
    while (!readdirSync(disk).some(name => name.endsWith('.nws-part')))
      await new Promise(resolve => setImmediate(resolve))
    fill('200M')
    t.match(await receiver.ended, { code: 1, stderr: /NWS_CLI_FILE_SPACE/ }, 'in the middle')
    t.notOk(readdirSync(disk).includes('nws-files-wide.bin'))
    rmSync(join(disk, 'other'))
    t.match(await receive('full', disk).ended, { code: 0 })
    t.equal((await sender.ended).code, 0)
    t.equal(hashOf(readFileSync(join(disk, 'nws-files-wide.bin'))), hashOf(content))
    t.strictSame(readdirSync(disk), ['nws-files-wide.bin'])
  })

  await t.test('with any names of a sender, files stay in the folder and none is hidden', async t => {
    const target = t.testdir({ in: {}, out: { mine: 'x' } })
    const mallory = await HostileSender.join(t, address, 'names')
    const paths = ['../../out/.bashrc', ' .zshenv', '\u00a0.profile', '..', 'a\u0000b\u001b[2J', 'C:\\x\\con']
    const receiver = receive('names', join(target, 'in'))
    await isThere(address, 'names')
    mallory.offer({ paths, name: '../../.evil' })
    const { code, stdout, stderr } = await receiver.ended
    t.equal(code, 0, stderr)
    t.notMatch(stdout + stderr, /\u001b/)
    t.strictSame(readdirSync(join(target, 'out')), ['mine'])
    t.strictSame(namesBelow(join(target, 'in')), [
      '_profile',
      '_zshenv',
      'a_b_[2J',
      'c',
      'file',
      'out',
      'out/_bashrc',
      'x'
    ])
  })

  await t.test('with any sizes and hashes of a sender, nothing wrong takes the name, and both are told', async t => {
    const content = randomBytes(100_000)
    const paths = ['song.mp3']
    for (const [what, lie, code, told] of [
      ['another seal', { paths, content, seal: hashOf(content) }, 'NWS_CLI_FILE_CHECKSUM', 'NWS_CLIENT_FILE_CHECKSUM'],
      ['more than listed', { paths, content, listed: 99_999 }, 'NWS_CLI_FILE_CHECKSUM', 'NWS_CLIENT_FILE_BROKEN'],
      ['less than listed', { paths, content, listed: 100_001 }, 'NWS_CLI_FILE_CHECKSUM', 'NWS_CLIENT_FILE_BROKEN'],
      ['more than offered', { paths, content, offered: 10 }, 'NWS_CLI_FILE_CHECKSUM', 'NWS_CLIENT_FILE_BROKEN'],
      ['another end', { paths, content, ended: 5 }, 'NWS_CLI_FILE_CHECKSUM', 'NWS_CLIENT_FILE_BROKEN'],
      ['2^53 - 1', { paths, content, offered: 2 ** 53 - 1 }, 'NWS_CLI_FILE_', 'NWS_CLIENT_FILE_'],
      ['much without a size', { paths, content, offered: undefined, listed: undefined }, '', '']
    ] as const) {
      const target = t.testdir({ in: {} })
      const mallory = await HostileSender.join(t, address, 'sizes')
      const receiver = receive('sizes', join(target, 'in'))
      await isThere(address, 'sizes')
      mallory.offer(lie)
      const end = await receiver.ended
      if (code === '') {
        t.equal(end.code, 0, `${what}: that is allowed`)
        continue
      }
      t.equal(end.code, 1, what)
      t.match(end.stderr, code, what)
      t.match(await mallory.refused(), told, what)
      t.strictSame(readdirSync(join(target, 'in')), [], what)
    }
  })

  await t.test('offers by the thousand do not keep an offer of another from being taken', async t => {
    const mallory = await HostileSender.join(t, address, 'flood')
    const receiver = receive('flood', folder, '--overwrite', '--from', 'nobody')
    await isThere(address, 'flood')
    for (let index = 0; index < 3000; index++) mallory.offer({ paths: ['x'] })
    t.equal(await mallory.refused(), 'NWS_CLIENT_FILE_DECLINED')
    receiver.child.kill('SIGKILL')
  })

  await t.test('what cannot be done', async t => {
    t.match(await send('x', join(folder, 'no-such-file')).ended, {
      code: 1,
      stderr: /NWS_CLI_FILE: .*ENOENT: .*no-such-file/
    })
    t.match(await send('x').ended, { code: 2, stderr: /NWS_CLI_USAGE/ })
    t.match(await send('x', join(folder, 'in', 'none')).ended, { code: 1 })
    t.match(await send('x', path, '--timeout', '0.2').ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
    t.match(await receive('x', folder, '--timeout', '0.2').ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
    t.match(await nws(t, ['file', 'receive', 'x', ...url]), { code: 2, stderr: /NWS_CLI_USAGE.*--yes/ })
    t.match(await receive('x', folder, '--max-size', 'much').ended, { code: 2, stderr: /NWS_CLI_USAGE.*--max-size/ })
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
