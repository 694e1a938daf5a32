// Every rule of docs/SECURITY.md is held by tests: which, by their names. Not the rules themselves.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startServer } from '../support/process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const security = readFileSync(join(root, 'docs/SECURITY.md'), 'utf8')

const rules: Readonly<Record<string, readonly string[]>> = {
  R1: [
    'listens on 127.0.0.1 and ::1 with one port, and answers requests and upgrades on both',
    'a host beyond this machine starts with the token and a warning',
    'clients of other machines prove the token',
    'everything but the upgrade of a link is 404 without a word, and the connection ends'
  ],
  R2: [
    'the Host comes before everything else, on every surface',
    'own names pass with the port of the accepting socket, nothing else does',
    'forwarded headers change nothing'
  ],
  R3: [
    'a list takes exactly its entries, programs without Origin, and pages of this proxy',
    'null is a class of its own'
  ],
  R4: ['control is for own pages and programs that are no browser'],
  R5: ['with a token, control needs it', 'health says more to those who may know'],
  R6: ['a token is never taken from the URL', 'no name in any packet or log'],
  R7: [
    'every request of a connection passes the guard',
    '1000 refused upgrades of each kind leave no socket',
    'an upgrade behind a request that has no answer yet ends the connection'
  ],
  R8: ['ids of peers are 128 random bits of the proxy'],
  R9: [
    'no name in any packet or log',
    'lists tags where names are not to be shown',
    'counts channels, peers, messages and bytes'
  ],
  R10: ['source is stamped by the proxy, whatever a client writes there'],
  R11: [
    'pages, what they load, and nothing else',
    'shows every operation and message',
    'NWS_EXAMPLES=off removes them'
  ],
  R12: ['bad publish requests', 'an event stream must be asked for'],
  R13: ['only addresses of this network are dialled', 'senders off the link are not heard'],
  R14: ['every constant, time and budget of the link', 'frames at random'],
  R15: [
    'the largest message passes, one byte more closes with 1009',
    'too many messages are refused and said so',
    'limits of an origin close with 1013 and say why',
    'a stalled reader is closed with 4008, the others never notice',
    'what takes too long to arrive is ended',
    'counts refusals by kind and code'
  ],
  R16: ['5000 mutated requests and handshakes', 'nobody who talks properly notices, and nothing is left'],
  R17: ['the proxy writes no file'],
  R18: ['every route of the main listener is 404 there, and every upgrade', 'has a Host list of its own'],
  R19: ['what other users of the machine can do is said'],
  R20: [
    'only files are loaded',
    'a file that others may write is not loaded, nor one in a folder that others may write',
    'an extension is loaded after the built-in plugins, named at the start and in health'
  ],
  R21: ['the arithmetic of guesses is that of the budgets', 'every claim and rule has its place in SECURITY.md']
}

t.test('every rule has tests, and they exist', async t => {
  const documented = [...security.matchAll(/^\| (R\d+) \|/gm)].map(([, rule]) => rule!)
  t.strictSame(Object.keys(rules), documented)
  const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => readFileSync(join(root, 'test', name), 'utf8'))
  for (const [rule, titles] of Object.entries(rules)) {
    for (const title of titles)
      t.ok(
        tests.some(text => text.includes(`.test('${title}'`)),
        `${rule}: ${title}`
      )
  }
})

t.test('the proxy writes no file', async t => {
  const home = mkdtempSync(join(tmpdir(), 'nws-home-'))
  const folder = mkdtempSync(join(tmpdir(), 'nws-cwd-'))
  t.teardown(() => {
    for (const each of [home, folder]) rmSync(each, { recursive: true, force: true })
  })
  const server = startServer(
    t,
    { HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
    { cwd: folder }
  )
  const port = await server.port()
  await fetch(`http://localhost:${port}/api/channels/room/messages?waitMs=0`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":1}'
  })
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  t.strictSame([readdirSync(home), readdirSync(folder)], [[], []])
})

t.test('what other users of the machine can do is said', async t => {
  const [, section = ''] = /### Another user of this machine\n([^]*?)\n### /.exec(security) ?? []
  for (const word of ['NWS_API_TOKEN', '/api/channels', 'port 9009']) t.match(section, word)
})
