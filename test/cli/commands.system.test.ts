// The built command against a real proxy: its output, and its exit codes. Files, the doctor and the service have
// tests of their own.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WORDS } from '../../src/cli/words.ts'
import { nws, startNws } from '../support/cli.ts'
import { freePort } from '../support/ports.ts'
import { startServer } from '../support/process.ts'

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)
const TOKEN = 'a-token-of-some-length'

t.test('lists', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  t.match(await nws(t, ['channels'], { env }), { code: 0, stdout: '', stderr: 'No channel is open.\n' })
  const watch = startNws(t, ['channels', '--json', '--watch', '--interval', '0.1'], { env })
  const listener = startNws(t, ['listen', 'room'], { env })
  await listener.says('stderr', /Listening as/)
  const table = await nws(t, ['channels'], { env })
  t.match(table.stdout, /^CHANNEL +SCOPE +HERE +REMOTE +MESSAGES +DATA +OPENED\nroom +network +1 +0 +0 +0 B +\S+\n$/)
  t.match(lines((await nws(t, ['channels', '--json'], { env })).stdout), [
    { name: 'room', peers: { local: 1, remote: 0 } }
  ])
  t.match(lines((await nws(t, ['peers', 'room', '--json'], { env })).stdout), [
    { channel: 'room', location: 'local', dialect: 'envelope' }
  ])
  t.match((await nws(t, ['peers'], { env })).stdout, /^PEER +WORDS +CHANNEL +WHERE/)
  t.match(await nws(t, ['peers', 'other'], { env }), { code: 5, stderr: /NWS_ERR_CHANNEL_NOT_FOUND/ })
  t.match(await nws(t, ['links'], { env }), { code: 0, stdout: '', stderr: /linked to no other/ })
  await watch.says('stdout', /"change":"added".*"room"/)
  const seldom = startNws(t, ['channels', '--json', '--watch', '--interval', '3600'], { env })
  await seldom.says('stdout', /"room"/)
  seldom.child.kill('SIGINT')
  t.equal((await seldom.ended).code, 0, 'it ends at once, not after its interval')
  listener.child.kill('SIGINT')
  t.equal((await listener.ended).code, 0)
  await watch.says('stdout', /"change":"removed"/)
  watch.child.kill('SIGINT')
  t.equal((await watch.ended).code, 0)
})

t.test('messages', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  const folder = t.testdir({})
  const nameFile = join(folder, 'name')
  writeFileSync(nameFile, 'room\nand more\n')

  t.match(await nws(t, ['send', 'room', 'x', '--wait', '0'], { env }), {
    code: 5,
    stdout: '',
    stderr: /NWS_CLI_NOBODY/
  })
  const plain = startNws(t, ['listen', 'room', '--count', '4'], { env })
  const json = startNws(t, ['listen', '--channel-file', nameFile, '--json', '--count', '4'], { env })
  await Promise.all([plain.says('stderr', /Listening/), json.says('stderr', /Listening/)])
  t.match(await nws(t, ['send', 'room', 'hello'], { env }), { code: 0, stdout: '', stderr: /Delivered to 2 here/ })
  t.equal((await nws(t, ['send', '--channel-file', nameFile, '--json', '{"a": 1.0}'], { env })).code, 0)
  t.equal(
    (await nws(t, ['send', '-'], { env, input: 'room\nfrom input\n' })).code,
    0,
    'name and message from standard input, without the last line break'
  )
  t.equal((await nws(t, ['send', 'room', '--binary', '-'], { env, input: Buffer.from([0, 255]) })).code, 0)
  t.equal((await plain.ended).stdout, 'hello\n{"a": 1.0}\nfrom input\n(2 bytes of binary data)\n')
  const heard = lines((await json.ended).stdout)
  const spoken = heard.filter(({ action }) => action === 'broadcast')
  t.match(spoken, [{ data: 'hello' }, { data: { a: 1 } }, { data: 'from input' }, { binary: 'AP8=' }])
  for (const [index, { source }] of spoken.entries()) {
    const told = heard
      .filter(({ peer, source: from }) => peer === source || from === source)
      .map(({ action }) => action)
    t.strictSame(
      told,
      ['connect', 'broadcast', 'disconnect'].slice(0, told.length),
      `presence of sender ${index} has its place`
    )
    t.ok(told.length > 1)
  }

  t.match(await nws(t, ['send', 'room', 'x', '--to', 'nobody', '--wait', '0'], { env }), {
    code: 5,
    stderr: /NWS_CLI_NO_SUCH_PEER/
  })
  t.match(await nws(t, ['listen', 'room', '--timeout', '0.2'], { env }), { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
  t.match(await nws(t, ['send', 'room', '{', '--json'], { env }), { code: 2, stderr: /NWS_CLI_USAGE/ })

  const one = startNws(t, ['listen', 'talk', '--json', '--count', '1'], { env })
  await one.says('stderr', /Listening as .* \((\S+)\)\./)
  const [peer] = lines((await nws(t, ['peers', 'talk', '--json'], { env })).stdout)
  t.equal((await nws(t, ['send', 'talk', 'only you', '--to', String(peer!['id'])], { env })).code, 0)
  t.match(lines((await one.ended).stdout).at(-1), { action: 'message', data: 'only you' })
})

t.test('lines of JSON have the data as the text that was sent', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  const listener = startNws(t, ['listen', 'num', '--json', '--count', '4'], { env })
  await listener.says('stderr', /Listening/)
  const sent = ['{"id":12345678901234567890,"price":1.0,"e":1e400,"dup":1,"dup":2}', '"\\u00e9\\/"', '-0', '[1,\n 2]']
  for (const json of sent) t.equal((await nws(t, ['send', 'num', '--json', json], { env })).code, 0)
  const heard = (await listener.ended).stdout
    .split('\n')
    .filter(line => line.includes('"broadcast"'))
    .map(line => /^\{"action":"broadcast","source":"[^"]+","data":(.*)\}$/.exec(line)?.[1])
  t.strictSame(heard, [...sent.slice(0, 3), '[1,  2]'], 'a line break between tokens becomes a space')
})

t.test('a pipe carries everything to its end', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  const bytes = randomBytes(3_000_001)
  const out = startNws(t, ['pipe', 'stream', '--listen'], { env, input: '' })
  const sent = await nws(t, ['pipe', '-'], { env, input: Buffer.concat([Buffer.from('stream\n'), bytes]) })
  t.equal(sent.code, 0, sent.stderr)
  const marker = startNws(t, ['pipe', 'stream', '--text'], { env, input: 'one\ntwo' })
  t.equal((await marker.ended).code, 0)
  await out.says('stdout', /one\ntwo\n$/)
  server.child.kill('SIGTERM')
  const end = await out.ended
  t.equal(end.code, 6, 'a pipe that was cut says so')
  t.ok(end.bytes.equals(Buffer.concat([bytes, Buffer.from('one\ntwo\n')])), 'every byte, in order')
  t.match(
    await nws(t, ['pipe', 'x', '--wait', '0.1'], {
      env: { NWS_PORT: String(await startServer(t, {}).port()) },
      input: 'x'
    }),
    { code: 5 }
  )
})

t.test('a chat', async t => {
  const server = startServer(t, {})
  const env = { NWS_PORT: String(await server.port()) }
  const ada = startNws(t, ['listen', 'chat', '--json', '--count', '1'], { env })
  await ada.says('stderr', /Listening/)
  const chat = await nws(t, ['chat', 'chat', '--name', 'Bob'], { env, input: '/who\nhello\u001b[2J\n/quit\n' })
  t.match(chat, { code: 0, stdout: '', stderr: /One other peer is here/ })
  t.match(
    lines((await ada.ended).stdout).find(({ action }) => action === 'broadcast'),
    { data: { name: 'Bob', text: 'hello\u001b[2J' } }
  )
})

t.test('what does not need a proxy', async t => {
  const created = await nws(t, ['channel', 'new'])
  t.match(created, { code: 0, stdout: /^([a-z2-7]{32})\nhttp:\/\/localhost:9009\/console#join=\1\n$/, stderr: /█▀|▄/ })
  const { stdout: spoken } = await nws(t, ['channel', 'new', '--words', '--json', '--no-qr'])
  const { name, link } = JSON.parse(spoken) as { name: string; link: string }
  t.match(name, /^(?:[a-z]{4,7}-){5}[a-z]{4,7}$/)
  t.equal(link, `http://localhost:9009/console#join=${name}`)
  t.ok(name.split('-').every(word => WORDS.includes(word)))
  const folder = t.testdir({})
  const path = join(folder, 'name')
  t.match(await nws(t, ['channel', 'new', '--out', path]), { code: 0, stdout: '' })
  t.equal(statSync(path).mode & 0o777, 0o600)
  const taken = await nws(t, ['channel', 'new', '--out', path])
  t.match(taken, { code: 1, stderr: /NWS_CLI_FILE_EXISTS: .*--out\b/ })
  t.notMatch(taken.stderr, /--output|--overwrite/, 'it names options that the command has')
  t.match(await nws(t, ['channel', 'new', '--out', join(folder, 'none', 'name')]), {
    code: 1,
    stderr: `NWS_CLI_FILE: A file cannot be read or written. (${join(folder, 'none', 'name')}: ENOENT)\n`
  })
  for (const [file, why] of [
    [join(folder, 'none'), 'ENOENT'],
    [folder, 'EISDIR']
  ] as const)
    t.match(await nws(t, ['listen', '--channel-file', file]), { code: 1, stderr: `(${file}: ${why})` })
  const secret = (await nws(t, ['cluster', 'secret'])).stdout
  t.equal(Buffer.from(secret, 'base64').length, 32)
  t.match(await nws(t, ['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(
    (
      await nws(t, ['audit', '--settings', '--json'], {
        env: { NWS_API_TOKEN: TOKEN, NWS_ALLOWED_ORIGINS: 'https://example.org' }
      })
    ).stdout,
    /"who":"pages of other sites","surface":"channels","access":"limited"/
  )
  t.match(
    (await nws(t, ['audit', '--settings', '--json'], { env: { NWS_API_TOKEN: TOKEN, NWS_HOST: '0.0.0.0' } })).stdout,
    /Browsers also need a name in NWS_ALLOWED_HOSTS \(none\); programs can send any\./
  )
})

t.test('output that cannot be written', async t => {
  for (const args of [
    ['completion', 'bash'],
    ['channel', 'new']
  ]) {
    const { code, stderr } = await nws(t, args, { wrapper: ['sh', '-c', 'exec "$@" > /dev/full', 'sh'] })
    t.equal(code, 1)
    t.match(stderr, /^NWS_CLI_OUTPUT: .*ENOSPC/)
  }
})

t.test('Ctrl-C', async t => {
  const port = String(await startServer(t, {}).port())
  for (const [args, expected] of [
    [['listen', 'room'], 0],
    [['listen', 'room', '--count', '2'], 130]
  ] as const) {
    const listen = startNws(t, args, { env: { NWS_PORT: port } })
    await listen.says('stderr', /Listening/)
    listen.child.kill('SIGINT')
    t.match(await listen.ended, { code: expected })
  }
})

t.test('a proxy that is not there, is none, or refuses', async t => {
  const nothing = `http://127.0.0.1:${await freePort()}`
  t.match(await nws(t, ['channels', '--url', nothing]), { code: 3, stderr: /^NWS_CLI_NOT_RUNNING: .*nws serve/ })
  t.match(await nws(t, ['listen', 'x', '--url', nothing]), { code: 3 })
  const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  t.match(await nws(t, ['channels', '--url', url]), { code: 3, stderr: /NWS_CLI_NOT_A_PROXY/ })
  const server = startServer(t, { NWS_API_TOKEN: TOKEN })
  const env = { NWS_PORT: String(await server.port()) }
  const refused = await nws(t, ['channels'], { env })
  t.match(refused, { code: 4, stderr: /NWS_ERR_TOKEN_REQUIRED: .*set NWS_API_TOKEN/ })
  t.match(await nws(t, ['send', 'room', 'x'], { env }), { code: 4, stderr: /set NWS_API_TOKEN/ })
  t.equal((await nws(t, ['channels'], { env: { ...env, NWS_API_TOKEN: TOKEN } })).code, 0)
  const audit = await nws(t, ['audit', '--json'], { env: { ...env, NWS_API_TOKEN: TOKEN } })
  t.match(
    lines(audit.stdout).filter(({ source }) => source === 'proxy'),
    [
      { surface: 'API', access: 'limited' },
      { who: 'pages of other sites', access: 'closed' }
    ]
  )
  t.notMatch(audit.stdout + audit.stderr, TOKEN, 'the token is not shown')
  t.match(await nws(t, ['open', 'x', '--print'], { env }), { code: 0, stdout: /\/console#join=x\n$/ })
})

t.test('wrong usage', async t => {
  for (const args of [
    ['nonsense'],
    ['listen'],
    ['send', 'a b', 'x'],
    ['channels', '--nonsense'],
    ['channels', '--url', 'ftp://x'],
    ['listen', 'x', '--count', 'many'],
    ['listen', 'x', '--count', '1.5'],
    ['file', 'send', 'x', 'y', '--receivers', '1.5'],
    ['serve', '--port', 'abc'],
    ['serve', '--nonsense']
  ]) {
    const { code, stdout, stderr } = await nws(t, args)
    t.strictSame([code, stdout], [2, ''], args.join(' '))
    t.match(stderr, /^NWS_(CLI|ERR)_\w+: /, args.join(' '))
  }
})

t.test('serve takes every setting as a flag', async t => {
  const served = startNws(t, [
    'serve',
    '--port',
    '0',
    '--discovery',
    'off',
    '--peers',
    '127.0.0.1:9',
    '--max-message-bytes',
    '1000'
  ])
  await served.says('stdout', /is running: http:\/\/localhost:(\d+)/)
  served.child.kill('SIGTERM')
  t.equal((await served.ended).code, 0)
  const { settingNames } = await import('../../src/core/settings.ts')
  const { flagOf } = await import('../../src/cli/serve.ts')
  const { stdout } = await nws(t, ['serve', '--help'])
  for (const name of settingNames) t.match(stdout, `${flagOf(name)} <`, name)
})
