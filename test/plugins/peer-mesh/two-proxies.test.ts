// Two proxies in one process, joined by a static peer: channels end to end over real sockets.
import t, { type Test } from 'tap'
import { buildTestApp } from '../../support/app.ts'
import { joinChannel } from '../../support/channel.ts'

/** Two proxies, the second of which dials the first. */
async function buildPair(t: Test) {
  const one = await buildTestApp(t, { meshHost: '127.0.0.1' })
  const two = await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${one.app.peerMesh.port}`] })
  return { one, two }
}

t.test('a page on one talks to a page on the other', async t => {
  const { one, two } = await buildPair(t)
  const alice = await joinChannel(t, one.ws, 'webchat')
  const bob = await joinChannel(t, two.ws, 'webchat')
  t.match(await alice.nextOf('connect'), { action: 'connect', source: alice.id, target: bob.id })
  t.match(await bob.nextOf('connect'), { action: 'connect', source: bob.id, target: alice.id })
  alice.send({ action: 'broadcast', data: { n: 1.0 } })
  t.match(await bob.nextOf('broadcast'), { source: alice.id, data: { n: 1 } })
  bob.send({ action: 'message', target: alice.id, data: 'hi' })
  t.match(await alice.nextOf('message'), { source: bob.id, target: alice.id, data: 'hi' })
  bob.socket.close()
  t.match(await alice.nextOf('disconnect'), { target: bob.id })
})
