// `nws file receive` against a sender that lies: about names, sizes and hashes, and with offers by the thousand.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NetworkWebSocket } from '../../src/client/node.ts'
import { nextEvent } from '../support/events.ts'
import { hashOf, namesBelow, startFileCommands } from '../support/file-commands.ts'
import { HostileSender } from '../support/hostile-sender.ts'

t.test('with any names of a sender, files stay in the folder and none is hidden', async t => {
  const { address, receive } = await startFileCommands(t)
  const target = t.testdir({ in: {}, out: { mine: 'x' } })
  const mallory = await HostileSender.join(t, address, 'names')
  const paths = ['../../out/.bashrc', ' .zshenv', '\u00a0.profile', '..', 'a\u0000b\u001b[2J', 'C:\\x\\con']
  const receiver = receive('names', join(target, 'in'))
  await mallory.sought()
  mallory.offer({ paths, name: '../../.evil' })
  const { code, stdout, stderr } = await receiver.ended
  t.equal(code, 0, stderr)
  t.notMatch(stdout + stderr, /\u001b/)
  t.strictSame(readdirSync(join(target, 'out')), ['mine'])
  t.strictSame(namesBelow(join(target, 'in')), [
    'C_',
    'C_/x',
    'C_/x/_con',
    '_profile',
    '_zshenv',
    'a_b_[2J',
    'file',
    'out',
    'out/_bashrc'
  ])
})

t.test('with any sizes and hashes of a sender, nothing wrong takes the name, and both are told', async t => {
  const { address, receive } = await startFileCommands(t)
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
    await mallory.sought()
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

t.test('offers by the thousand do not keep an offer of another from being taken', async t => {
  const { address, receive } = await startFileCommands(t)
  const folder = t.testdir({ in: {} })
  const bytes = randomBytes(100_000)
  const friend = new NetworkWebSocket('flood', { endpoint: address.replace(/^http/, 'ws') })
  t.teardown(() => friend.close())
  await nextEvent(friend, 'open')
  const mallory = await HostileSender.join(t, address, 'flood')
  const receiver = receive('flood', join(folder, 'in'), '--from', friend.id)
  await mallory.sought()
  for (let index = 0; index < 3000; index++) mallory.offer({ paths: ['x'] })
  const sent = friend.sendFile(bytes, { name: 'true.bin', receivers: 1 })
  t.match(await receiver.ended, { code: 0 })
  t.equal((await sent).completed.length, 1)
  t.equal(await mallory.refused(), 'NWS_CLIENT_FILE_DECLINED')
  t.strictSame(readdirSync(join(folder, 'in')), ['true.bin'])
  t.ok(readFileSync(join(folder, 'in', 'true.bin')).equals(bytes))
})

t.test('a wrong beginning is found out, said at both ends, and thrown away', async t => {
  const { receive, send } = await startFileCommands(t)
  const folder = t.testdir({ in: {} })
  const target = join(folder, 'in')
  const path = join(folder, 'notes.txt')
  const bytes = randomBytes(700_001)
  writeFileSync(path, bytes)
  const first = receive('rest', target)
  const sender = send('rest', path)
  await Promise.all([first.ended, sender.ended])
  const damaged = Buffer.from(bytes)
  damaged[5]!++
  writeFileSync(join(target, 'notes.txt'), damaged)
  const wrong = send('rest', path)
  const received = receive('rest', target)
  t.match(await received.ended, { code: 1, stdout: '', stderr: /NWS_CLI_FILE_CHECKSUM/ })
  await wrong.says('stderr', /NWS_CLIENT_FILE_CHECKSUM/)
  t.same(readFileSync(join(target, 'notes.txt')), damaged, 'the file of the user stays')
  t.strictSame(readdirSync(target), ['notes.txt'])
})
