// `nws user` as the real command: through a running proxy, and over the database where none runs.
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { leashed } from '../support/leash.ts'
import { freePort } from '../support/ports.ts'
import { startServer } from '../support/process.ts'
import { addUser, logIn, PASSWORD, useInvitation } from '../support/rendezvous.ts'

const NWS = fileURLToPath(new URL('../../dist/cli/nws.js', import.meta.url))

/** Runs the command to its end. */
async function nws(args: string[], environment: Record<string, string>) {
  const child = spawn(...leashed(process.execPath, [NWS, 'user', ...args]), {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, ...output }
}

t.test('through the running proxy', async t => {
  const folder = t.testdir()
  const server = startServer(t, { NWS_BV: 'on', NWS_DATA_DIR: folder })
  const port = await server.port()
  const url = `http://localhost:${port}`
  const environment = { NWS_PORT: String(port), NWS_DATA_DIR: folder }

  t.match(await nws(['list'], environment), { code: 0, stdout: '', stderr: /No users/ })
  const added = await nws(['add', 'ann@example.org'], environment)
  t.match(added, { code: 0, stdout: new RegExp(`^${url}/bv/invite/#[\\w-]{22}\n$`) })
  const token = added.stdout.trim().split('#')[1]!
  t.match(await useInvitation(url, 'status', { token }), { status: 200, body: { name: 'ann@example.org' } })
  t.match(await useInvitation(url, 'accept', { token, name: 'ann', password: PASSWORD }), { status: 201 })
  t.match(await nws(['add', 'ann'], environment), { code: 1, stderr: /NWS_ERR_BV_NAME_TAKEN/ })

  const ann = await logIn(t, `ws://localhost:${port}`, 'ann')
  t.match((await nws(['list'], environment)).stdout, /^USER .*\nann +enabled +1 +1 +\d{4}-/)
  const sessions = await nws(['sessions', 'ANN', '--json'], environment)
  const { id, origin } = JSON.parse(sessions.stdout) as { id: string; origin: null }
  t.equal(origin, null)
  t.match(await nws(['sessions', 'ann', '--end', id], environment), { code: 0, stderr: /Ended: 1\./ })
  t.match(await ann.closed(), { reason: 'NWS_ERR_BV_SESSION' })
  t.match(await nws(['sessions', 'ann'], environment), { code: 0, stdout: '', stderr: /no session/ })
  t.match(await nws(['disable', 'ann'], environment), { code: 0 })
  await t.rejects(logIn(t, `ws://localhost:${port}`, 'ann'), { message: 'NWS_ERR_BV_LOGIN' })
  t.match(await nws(['disable', '--undo', 'ann'], environment), { code: 0 })
  await logIn(t, `ws://localhost:${port}`, 'ann')
  t.match(await nws(['disable', 'nobody'], environment), { code: 1, stderr: /NWS_ERR_BV_USER_UNKNOWN/ })

  t.match((await nws(['reset', 'ann'], environment)).stdout, new RegExp(`^${url}/bv/invite/#[\\w-]{22}\n$`))
  t.match((await nws(['demo'], environment)).stdout, /^demo-ann and demo-ben, password: [\w-]{22}\n$/)
  const copy = join(folder, 'copy.db')
  t.match(await nws(['backup', copy], environment), { code: 0, stderr: /\d bytes\./ })
  t.equal(statSync(copy).mode & 0o777, 0o600)
  t.match(await nws(['backup', copy], environment), { code: 1, stderr: /NWS_CLI_FILE.*EEXIST/ })
  t.match(await nws(['demo', '--remove'], environment), { code: 0 })
  t.match(await nws(['remove', 'demo-ann'], environment), { code: 1, stderr: /NWS_ERR_BV_USER_UNKNOWN/ })

  t.match(
    await nws(['list'], { ...environment, NWS_PORT: String(await freePort()) }),
    { code: 1, stderr: /NWS_ERR_BV_LOCKED/ },
    'the proxy holds the database'
  )
  t.notMatch(server.output(), token, 'no link in the log')
})

t.test('over the database where no proxy runs; a proxy finds what was done', async t => {
  const folder = t.testdir()
  const offline = { NWS_PORT: String(await freePort()), NWS_DATA_DIR: folder }
  const added = await nws(['add', '--json'], offline)
  t.equal(added.code, 0, added.stderr)
  const { link } = JSON.parse(added.stdout) as { link: string }
  t.match(link, `http://localhost:${offline.NWS_PORT}/bv/invite/#`)
  const server = startServer(t, { NWS_BV: 'on', NWS_DATA_DIR: folder })
  const url = `http://localhost:${await server.port()}`
  t.match(await useInvitation(url, 'accept', { token: link.split('#')[1], name: 'ann', password: PASSWORD }), {
    status: 201
  })
  await addUser(url, 'bob')
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  const list = await nws(['list', '--json'], offline)
  t.strictSame(
    list.stdout
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { name: string }).name),
    ['ann', 'bob']
  )
  t.match(
    await nws(['list', '--url', `http://localhost:${offline.NWS_PORT}`], offline),
    { code: 3 },
    'a proxy that is named has to be there'
  )
})

t.test('a proxy that is no rendezvous does not hold the database', async t => {
  const folder = t.testdir()
  const server = startServer(t, {})
  const port = String(await server.port())
  t.match(await nws(['list'], { NWS_PORT: port, NWS_DATA_DIR: folder }), { code: 0, stderr: /No users/ })
  t.match(await nws(['list', '--url', `http://localhost:${port}`], { NWS_DATA_DIR: folder }), {
    code: 1,
    stderr: /NWS_CLI_NO_RENDEZVOUS/
  })
})
