// The rendezvous behind Caddy, set up as docs/BONEVALUE.md says: sockets and pages go through, each client counts by its own address,
// and links have the outside name.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { readPage } from '../../tools/docs/pages.ts'
import { buildTestApp } from '../support/app.ts'
import { findProgram, needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { openRendezvous } from '../support/rendezvous.ts'

const NAME = 'p2p.example.com'

t.test('[R24] behind Caddy', needs('caddy'), async t => {
  const seen: string[] = []
  const { app } = await buildTestApp(t, {
    bv: 'on',
    dataDir: ':memory:',
    bvListen: '127.0.0.1:0',
    bvHosts: [NAME],
    trustedProxies: ['127.0.0.1'],
    rendezvous: {
      authenticate: async ({ name, address }) => {
        seen.push(address)
        return name
      }
    }
  })
  const port = await freePort()
  const [, site] = /```caddyfile\n([^`]+)```/.exec(readPage('docs/BONEVALUE.md'))!
  const folder = t.testdir({ home: {} })
  const file = join(folder, 'Caddyfile')
  // The certificate comes from Caddy itself, the port is a free one, and nothing of the machine is changed.
  writeFileSync(
    file,
    `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n${site!
      .replace(`${NAME} {`, `${NAME}:${port} {\n\tbind 127.0.0.1\n\ttls internal`)
      .replace('127.0.0.1:9011', `127.0.0.1:${app.rendezvousListener.port}`)}`
  )
  const home = join(folder, 'home')
  const caddy = spawn(findProgram('caddy')!, ['run', '--config', file, '--adapter', 'caddyfile'], {
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  t.teardown(async () => {
    caddy.kill()
    if (caddy.exitCode === null) await once(caddy, 'exit')
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    caddy.stderr.on('data', (text: Buffer) => {
      log += text.toString()
      if (log.includes('serving initial configuration') && log.includes('certificate obtained')) resolve()
    })
    caddy.once('exit', () => reject(new Error(log)))
  })
  const through = { host: '127.0.0.1', port, servername: NAME, rejectUnauthorized: false }
  const socketOptions = { ...through, headers: { host: `${NAME}:${port}` } }

  const askForLibrary = async (): Promise<number> =>
    await new Promise((resolve, reject) => {
      request({ ...socketOptions, path: '/scripts/BV.js' }, answer => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode!))
      })
        .on('error', reject)
        .end()
    })
  // Caddy says that it has its certificate a moment before it uses it.
  let library: unknown
  do library = await askForLibrary().catch((error: NodeJS.ErrnoException) => error.code)
  while (library === 'EPROTO')
  t.equal(library, 200)

  for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
    const client = await openRendezvous(t, `wss://127.0.0.1:${port}`, '/bv/socket', {
      ...socketOptions,
      localAddress,
      headers: { host: `${NAME}:${port}`, 'x-forwarded-for': '6.6.6.6' }
    })
    client.send('login', { user: `from-${localAddress}`, password: 'any' })
    await client.nextOf('peerList')
    client.send('inviteUser', { email: 'zoe' })
    t.match((await client.nextOf('inviteResponse')).data.link, `https://${NAME}:${port}/bv/invite/#`)
    await client.close()
  }
  t.strictSame(seen, ['127.0.0.2', '127.0.0.3'], 'what a client says itself does not count')
  t.equal(app.rendezvousListener.url, `https://${NAME}`)
})
