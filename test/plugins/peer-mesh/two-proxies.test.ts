// Two proxies in one process, joined by a static peer: channels end to end over real sockets.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { friendlyWords } from '../../../src/core/friendly-words.ts'
import { buildTestApp } from '../../support/app.ts'
import { joinChannel } from '../../support/channel.ts'
import { createTestMesh, openLinks, until, type MeshApp } from '../../support/mesh.ts'

const bodyOf = async (url: string, init?: RequestInit): Promise<unknown> => await (await fetch(url, init)).json()

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

t.test('computers that share a channel learn the names that people gave them, and forget them afterwards', async t => {
  const { add } = await createTestMesh(t, 0, { mesh: { linkTimings: { lingerMs: 10 } } })
  const one = await add({ name: 'Kitchen' })
  const dataDir = t.testdir()
  const two = await add({ dataDir })
  await until(() => openLinks(one) === 1 && openLinks(two) === 1)
  const names = (app: MeshApp) => [...app.app.peerMesh.names().values()]
  const setName = async (name: string) => {
    const headers = { 'content-type': 'application/json' }
    return await bodyOf(`${two.url}/api/name`, { method: 'PUT', headers, body: JSON.stringify({ name }) })
  }
  t.match(await setName('Cellar'), { name: 'Cellar' })
  t.strictSame([names(one), names(two)], [[], []], 'without a common channel nobody is told')

  const alice = await joinChannel(t, one.ws, 'webchat')
  const bob = await joinChannel(t, two.ws, 'webchat')
  await until(() => names(one)[0] === 'Cellar' && names(two)[0] === 'Kitchen')
  const { peers } = (await bodyOf(`${two.url}/api/peers`)) as { peers: Record<string, unknown>[] }
  t.match(
    peers.find(({ id }) => id === alice.id),
    { words: friendlyWords(alice.id), proxyWords: friendlyWords(one.app.crypto.proxyId.text), proxyName: 'Kitchen' }
  )
  await setName('Attic')
  await until(() => names(one)[0] === 'Attic')
  t.equal(await readFile(join(dataDir, 'name'), 'utf8'), 'Attic', 'it is kept')
  await setName('')
  await until(() => names(one).length === 0)
  await setName('Attic')
  await until(() => names(one).length === 1)
  bob.socket.close()
  await until(() => names(one).length === 0 && names(two).length === 0)
})
