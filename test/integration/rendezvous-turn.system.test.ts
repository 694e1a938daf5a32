// The credentials for TURN, against coturn: those that the rendezvous hands over let a client allocate, others do not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { leashed } from '../support/leash.ts'
import { findProgram, needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { enrol, logIn } from '../support/rendezvous.ts'

const SERVER = findProgram('turnserver')!
const CLIENT = findProgram('turnutils_uclient')!
const SECRET = 'north'

t.test('coturn takes what the rendezvous hands over', needs('turnserver', 'turnutils_uclient'), async t => {
  const port = await freePort()
  const turn = spawn(
    ...leashed(SERVER, [
      '-n',
      '--no-tls',
      '--no-dtls',
      '--no-cli',
      '--listening-ip=127.0.0.1',
      '--relay-ip=127.0.0.1',
      `--listening-port=${port}`,
      '--realm=nws',
      '--use-auth-secret',
      `--static-auth-secret=${SECRET}`,
      '--allow-loopback-peers',
      '--log-file=stdout',
      '--simple-log',
      `--pidfile=${t.testdir()}/pid`
    ]),
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  t.teardown(async () => {
    turn.kill('SIGKILL')
    await once(turn, 'close')
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      log += chunk.toString()
      if (log.includes('IO method (auth thread)')) resolve()
    }
    turn.stdout.on('data', read)
    turn.stderr.on('data', read)
    turn.once('exit', () => reject(new Error(log)))
  })

  const { app, ws } = await buildTestApp(t, {
    bv: 'on',
    dataDir: ':memory:',
    iceServers: JSON.stringify([{ urls: `turn:127.0.0.1:${port}`, secret: SECRET }])
  })
  const client = await logIn(t, ws, await enrol(app, 'ann'))
  const [{ username, credential, ...rest }] = client.welcome[0]!.data.iceServers as [
    { username: string; credential: string }
  ]
  t.strictSame(rest, { urls: [`turn:127.0.0.1:${port}`] }, 'the secret stays here')
  t.match(username, new RegExp(`^\\d{10}:${client.id}$`))

  /** Runs coturn's own client until data came back through the relay, or it gave up. */
  const allocate = async (name: string, password: string): Promise<string> => {
    const child = spawn(
      ...leashed(CLIENT, [
        '-v',
        '-y',
        '-c',
        '-n',
        '1',
        '-m',
        '2',
        '-l',
        '100',
        '-p',
        String(port),
        '-u',
        name,
        '-w',
        password,
        '127.0.0.1'
      ]),
      { stdio: ['ignore', 'pipe', 'pipe'] }
    )
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (/tot_recv_msgs=[1-9]|Cannot complete Allocation/.test(output)) child.kill('SIGKILL')
      })
    }
    await once(child, 'close')
    return output
  }
  t.match(await allocate(username, credential), /tot_recv_msgs=[1-9]/, 'data goes through it')
  t.match(await allocate(username, `${credential}x`), /Cannot complete Allocation/, 'a wrong password')
  t.match(
    await allocate(`${Math.floor(Date.now() / 1000) - 10}:${client.id}`, credential),
    /Cannot complete Allocation/,
    'another time'
  )
})
