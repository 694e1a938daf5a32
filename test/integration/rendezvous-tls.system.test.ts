// The listener of the rendezvous with a certificate.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { buildTestApp } from '../support/app.ts'
import { needs } from '../support/needs.ts'
import { enrol } from '../support/rendezvous.ts'

t.test('with a certificate it speaks TLS, and links say so', needs('openssl'), async t => {
  const folder = t.testdir()
  const [cert, key] = ['cert.pem', 'key.pem'].map(name => join(folder, name)) as [string, string]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      key,
      '-out',
      cert
    ],
    { stdio: 'ignore' }
  )
  const settings = { bv: 'on', dataDir: ':memory:', bvListen: '0.0.0.0:0', tlsCert: cert, tlsKey: key } as const
  const { app, url } = await buildTestApp(t, settings)
  const port = app.rendezvousListener.port!
  const ca = readFileSync(cert)
  const page = httpsRequest({
    host: '127.0.0.1',
    port,
    path: '/bv/invite/',
    servername: 'localhost',
    ca,
    headers: { host: `localhost:${port}` }
  })
  page.end()
  const [response] = (await once(page, 'response')) as [{ statusCode: number; resume(): void }]
  response.resume()
  t.equal(response.statusCode, 200)
  t.equal(app.rendezvousListener.url, `https://localhost:${port}`)

  const { session } = await enrol(app, 'ann')
  const socket = new WebSocket(`wss://localhost:${port}/bv/socket`, { ca, origin: `https://localhost:${port}` })
  const answers: { type: string; data: { link?: string } }[] = []
  const got = new Promise<void>(resolve =>
    socket.on('message', data => {
      answers.push(JSON.parse((data as Buffer).toString()) as (typeof answers)[number])
      if (answers.at(-1)!.type === 'inviteResponse') resolve()
    })
  )
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'login', data: { session } }))
  socket.send(JSON.stringify({ type: 'inviteUser', data: { email: 'bob@example.org' } }))
  await got
  t.match(answers.at(-1)!.data.link, `https://localhost:${port}/bv/invite/#`)
  socket.close()
  await once(socket, 'close')

  const answer = await fetch(`${url}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}'
  })
  t.match(await answer.json(), { link: `https://localhost:${port}/bv/invite/#` })
})
