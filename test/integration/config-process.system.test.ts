// The real process: exit codes, the one line about a mistake, and a quiet log.
import t from 'tap'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

t.test('wrong settings end the start with exit code 2 and one line', async t => {
  for (const [environment, code, words] of [
    [{ NWS_PORT: 'abc' }, 'NWS_ERR_CONFIG_VALUE', [/NWS_PORT/, /"abc"/, /from 0 to 65535/]],
    [{ NWS_PROT: '9009' }, 'NWS_ERR_CONFIG_UNKNOWN', [/NWS_PROT/, /did you mean NWS_PORT\?/]],
    [{ NWS_PORT: 'tcp://10.0.0.1:9009' }, 'NWS_ERR_CONFIG_VALUE', [/tcp:\/\/10\.0\.0\.1:9009/, /Kubernetes/]],
    [{ NWS_HOST: '0.0.0.0' }, 'NWS_ERR_CONFIG_EXPOSED', [/NWS_API_TOKEN/]],
    [{ NWS_PING_INTERVAL_MS: '60000' }, 'NWS_ERR_CONFIG_VALUE', [/NWS_PEER_TIMEOUT_MS/]],
    [{ NWS_API_TOKEN: 'very secret' }, 'NWS_ERR_CONFIG_VALUE', [/NWS_API_TOKEN/]],
    [{ NWS_EXTENSIONS: 'https://example.org/x.js' }, 'NWS_ERR_EXTENSION_PATH', [/https:\/\/example\.org/]],
    [{ NWS_EXTENSIONS: './no-such-file.js' }, 'NWS_ERR_EXTENSION_LOAD', [/no-such-file\.js/]]
  ] as [Record<string, string>, string, RegExp[]][]) {
    const end = await startServer(t, environment).ended
    const name = JSON.stringify(environment)
    t.equal(end.code, 2, name)
    t.equal(end.stdout, '', `${name}: no log`)
    t.match(end.stderr, new RegExp(`^${code}: [^\\n]+\\n$`), `${name}: one line`)
    for (const word of words) t.match(end.stderr, word, name)
    t.notMatch(end.stderr, /secret/)
  }
})

t.test('arguments end the start with exit code 2 and a hint', async t => {
  const end = await startServer(t, {}, { args: ['--port', '1'] }).ended
  t.match(end, { code: 2, stdout: '', stderr: /^This program takes no arguments: .*\n$/ })
})

t.test('an address that is in use ends the start with exit code 1 and one line', async t => {
  const first = startServer(t, {})
  const port = await first.port()
  const end = await startServer(t, { NWS_PORT: String(port) }).ended
  t.match(end, {
    code: 1,
    stdout: '',
    stderr: new RegExp(`^NWS_ERR_LISTEN: [^\\n]*\\[::1\\]:${port} is in use[^\\n]*\\n$`)
  })
})

t.test('a quiet proxy writes one sentence, as JSON', async t => {
  const server = startServer(t, { NWS_X_OWN: 'free for extensions' })
  const port = await server.port()
  for (const path of ['/api/health', '/secret-room', '/%E4', '/a/b', '/console'])
    await (await fetch(`http://localhost:${port}${path}`)).arrayBuffer()
  server.child.kill('SIGTERM')
  const { code, stdout, stderr } = await server.ended
  t.equal(code, 0)
  t.equal(stderr, '')
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { level: number; msg: string })
  t.match(lines, [{ level: 30, msg: `Network Web Sockets is running: http://localhost:${port}` }])
})

t.test('[R1] a host beyond this machine starts with the token and a warning', async t => {
  const server = startServer(t, { NWS_HOST: '0.0.0.0', NWS_API_TOKEN: 'a-token-of-some-length' })
  const port = await server.port()
  t.match(server.output(), /"level":40.*plain HTTP and can be read/)
  t.notMatch(server.output(), /a-token/)
  t.equal(await statusOf(`http://127.0.0.1:${port}/api/channels`), 401)
  t.equal(
    (
      await fetch(`http://127.0.0.1:${port}/api/channels`, {
        headers: { authorization: 'Bearer a-token-of-some-length' }
      })
    ).status,
    200
  )
})
