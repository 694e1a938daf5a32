// `nws file` as its users run it: several files and folders, pipes, a code of three words, questions and refusals.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { RunningNws } from '../support/cli.ts'
import { namesBelow, startFileCommands } from '../support/file-commands.ts'
import { needs } from '../support/needs.ts'
import { statusOf } from '../support/http.ts'

t.test('on one machine', async t => {
  const { address, receive, run, send } = await startFileCommands(t)
  const folder = t.testdir({ in: {}, second: {}, third: {} })
  const path = join(folder, 'notes.txt')
  const bytes = randomBytes(700_001)
  writeFileSync(path, bytes)

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
    const receiver = receive('pipe', '-')
    const sender = run(['send', 'pipe', '-', '--as', 'x'], { input: bytes })
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
    t.equal(await statusOf(`${address}/api/channels/${code!}`), 404, 'the channel is closed')
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

  await t.test('Ctrl-C at either end is told to the other, and leaves nothing', async t => {
    const target = t.testdir({ in: {} })
    writeFileSync(join(target, 'big'), randomBytes(80_000_000))
    const receiver = receive('stop', join(target, 'in'))
    const sender = send('stop', join(target, 'big'))
    await receiver.says('stderr', /Receiving/)
    receiver.child.kill('SIGINT')
    t.match(await receiver.ended, { signal: 'SIGINT' })
    t.strictSame(readdirSync(join(target, 'in')), [])
    await sender.says('stderr', /NWS_CLIENT_FILE_CANCELLED/)
    const other = receive('stop', join(target, 'in'))
    await other.says('stderr', /Receiving/)
    sender.child.kill('SIGINT')
    t.match(await sender.ended, { signal: 'SIGINT' })
    t.match(await other.ended, { code: 1, stderr: /NWS_CLI_FILE_STOPPED/ })
    t.strictSame(readdirSync(join(target, 'in')), [])
  })

  await t.test('a receiver asks on a terminal, and takes no for an answer', needs('script'), async t => {
    const terminal = (answer: string): RunningNws =>
      run(['receive', 'ask', '--output', join(folder, 'third'), '--overwrite'], {
        terminal: { answer, to: /y\/N / }
      })
    const sender = send('ask', path)
    const no = await terminal('n\n').ended
    t.match(no, { code: 1 })
    t.match(no.stdout, /Peer [a-z]+ [a-z]+ offers notes\.txt, 683\.6 KiB: take it\? y\/N/)
    t.match(no.stdout, /NWS_CLI_FILE_DECLINED/)
    await sender.says('stderr', /NWS_CLIENT_FILE_DECLINED/)
    t.match(await terminal('y\n').ended, { code: 0 })
    t.equal((await sender.ended).code, 0)
    const code = send('--code', path)
    await code.says('stdout', /receive \S+\n/)
    const [, name] = /receive (\S+)/.exec(code.text.stdout)!
    await run(['receive', name!], { terminal: { answer: '\n', to: /y\/N / } }).ended
    t.match(await code.ended, { code: 1, stderr: /NWS_CLI_FILE_REFUSED/ }, 'a code is over with the first answer')
  })

  await t.test('too large, not enough space, no folder: said at both ends', async t => {
    const sender = send('large', path)
    t.match(await receive('large', folder, '--max-size', '100K').ended, { code: 1, stderr: /NWS_CLI_FILE_TOO_LARGE/ })
    await sender.says('stderr', /NWS_CLIENT_FILE_TOO_LARGE/)
    t.match(await receive('large', join(folder, 'no', 'such')).ended, { code: 1, stderr: /NWS_CLI_FILE: .*ENOENT/ })
    await sender.says('stderr', /NWS_CLIENT_FILE_NOT_WRITTEN/)
    sender.child.kill('SIGKILL')
    const stream = run(['send', 'large', '-'], { input: bytes })
    t.match(await receive('large', folder, '--max-size', '100K').ended, { code: 1, stderr: /NWS_CLI_FILE_TOO_LARGE/ })
    await stream.says('stderr', /NWS_CLIENT_FILE_TOO_LARGE/)
  })

  await t.test('what cannot be done', async t => {
    t.match(await send('x', join(folder, 'no-such-file')).ended, {
      code: 1,
      stderr: /NWS_CLI_FILE: .*no-such-file: ENOENT/
    })
    t.match(await send('x').ended, { code: 2, stderr: /NWS_CLI_USAGE/ })
    t.match(await send('x', join(folder, 'in', 'none')).ended, { code: 1 })
    t.match(await send('x', path, '--timeout', '0.2').ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
    t.match(await receive('x', folder, '--timeout', '0.2').ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
    t.match(await run(['receive', 'x']).ended, { code: 2, stderr: /NWS_CLI_USAGE.*--yes/ })
    t.match(await receive('x', folder, '--max-size', 'much').ended, { code: 2, stderr: /NWS_CLI_USAGE.*--max-size/ })
  })
})
