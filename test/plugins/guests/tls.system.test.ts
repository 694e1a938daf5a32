// The listener for guests with a certificate.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import type { WebSocketClass } from '../../../src/client/connection.ts'
import { joinChannel } from '../../support/channel.ts'
import { buildHost, guestClass, joinAsGuest } from '../../support/guests.ts'
import { needs } from '../../support/needs.ts'

t.test('with a certificate guests come over TLS', needs('openssl'), async t => {
  const folder = t.testdir()
  const [cert, key] = ['cert.pem', 'key.pem'].map(name => join(folder, name)) as [string, string]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const { invite, ws } = await buildHost(t, { guestTlsCert: cert, guestTlsKey: key })
  const { url } = await invite('party')
  t.match(url, /^https:\/\/127\.0\.0\.1:\d+\/start\/#/)
  class Trusting extends WebSocket {
    constructor(address: string) {
      super(address, { ca: readFileSync(cert) })
    }
  }
  const desk = await joinChannel(t, ws, 'party')
  const phone = await joinAsGuest(t, url, 'party', {
    WebSocket: guestClass(url, Trusting as unknown as WebSocketClass)
  })
  phone.send('hello')
  t.match(await desk.nextOf('broadcast'), { source: phone.id, data: 'hello' })
  const plain = new WebSocket(url.replace('https', 'ws').replace(/start.*/, 'guest?id=x'))
  await once(plain, 'error')
  t.pass('plain HTTP gets nothing')
})
