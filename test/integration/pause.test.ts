// A proxy that did not run for a while: its clients are not blamed for the silence.
import { once } from 'node:events'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'

t.test('after a pause of the proxy its clients stay, and what they sent arrives', async t => {
  const { url } = await buildTestApp(t, { pingIntervalMs: 100, peerTimeoutMs: 300 })
  const a = await joinChannel(t, url, 'nap')
  const b = await joinChannel(t, url, 'nap')
  await Promise.all([once(a.socket, 'ping'), once(b.socket, 'ping')])
  for (let i = 0; i < 5; i++) a.send({ action: 'broadcast', data: `tick ${i}` })
  // Nothing of this process runs meanwhile: neither the proxy nor its clients.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  for (let i = 0; i < 5; i++) t.match(await b.nextOf('broadcast'), { data: `tick ${i}` })
  for (let pings = 0; pings < 4; pings++) await Promise.all([once(a.socket, 'ping'), once(b.socket, 'ping')])
  t.equal(a.socket.readyState, a.socket.OPEN)
  t.equal(b.socket.readyState, b.socket.OPEN)
})
