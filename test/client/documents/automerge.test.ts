// The adapter of automerge-repo: its own suite for adapters, and what that suite does not try.
import { register } from 'node:module'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { Repo, type PeerId } from '@automerge/automerge-repo'
import { NetworkWebSocketAdapter } from '../../../src/client/documents/automerge.ts'
import { NetworkWebSocket } from '../../../src/client/node.ts'
import { buildTestApp } from '../../support/app.ts'
import { cuttable } from '../../support/cuttable.ts'
import { nextEvent } from '../../support/events.ts'
import { createTestMesh, openLinks, until } from '../../support/mesh.ts'

const stand = new URL('../../support/vitest.mjs', import.meta.url).href
const hooks = `export const resolve = (name, context, next) =>
  name === 'vitest' ? { url: ${JSON.stringify(stand)}, shortCircuit: true } : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
const { collected } = (await import(stand)) as { collected: { name: string; run: () => Promise<void> }[] }
// Its types mention those of vitest.
const suite: string = '@automerge/automerge-repo/helpers/tests/network-adapter-tests.js'
const { runNetworkAdapterTests } = (await import(suite)) as {
  runNetworkAdapterTests: (setup: () => Promise<{ adapters: NetworkWebSocketAdapter[]; teardown: () => void }>) => void
}

let channels = 0

t.test("automerge-repo's own tests of adapters pass", async t => {
  const { ws } = await buildTestApp(t)
  const all: NetworkWebSocketAdapter[] = []
  t.teardown(() => all.map(adapter => adapter.disconnect()))
  runNetworkAdapterTests(async () => {
    const name = `suite-${++channels}`
    const adapters = [1, 2, 3].map(() => new NetworkWebSocketAdapter(name, { endpoint: ws }))
    all.push(...adapters)
    return { adapters, teardown: () => adapters.map(adapter => adapter.disconnect()) }
  })
  t.ok(collected.length >= 7, `${collected.length} tests`)
  for (const { name, run } of collected) await t.test(name, async () => await run())
})

/** A repository that ends with the test. */
function openRepo(t: Test, name: string, adapter: NetworkWebSocketAdapter): Repo {
  const repo = new Repo({ network: [adapter], peerId: name as PeerId })
  t.teardown(async () => {
    adapter.disconnect()
    await repo.shutdown()
  })
  return repo
}

t.test('repositories at two proxies share a document that is larger than the queues between them', async t => {
  const { apps } = await createTestMesh(t, 2, { maxQueuedBytes: 500_000 })
  await until(() => apps.every(app => openLinks(app) === 1))
  const [a, b] = apps.map(({ ws }, i) =>
    openRepo(t, `repo-${i}`, new NetworkWebSocketAdapter('documents', { endpoint: ws }))
  ) as [Repo, Repo]
  await Promise.all([a, b].map(repo => once(repo.networkSubsystem as never, 'peer')))
  const bytes = new Uint8Array(1e6)
  for (let i = 0, value = 1; i < bytes.length; i++) {
    value = (value * 48271) % 2147483647
    bytes[i] = value
  }
  const handle = a.create({ bytes, title: 'one' })
  const other = await b.find<{ bytes: Uint8Array; title: string }>(handle.url)
  t.equal(Buffer.compare(other.doc().bytes, bytes), 0)
  other.change(doc => {
    doc.title = 'two'
  })
  await until(() => handle.doc().title === 'two')
})

t.test('after a cut the repositories find each other again', async t => {
  const { ws } = await buildTestApp(t)
  const network = cuttable()
  const options = { endpoint: ws, WebSocket: network.Socket, reconnect: { maxDelayMs: 20 } }
  const a = openRepo(t, 'a', new NetworkWebSocketAdapter('documents', options))
  const b = openRepo(t, 'b', new NetworkWebSocketAdapter('documents', { endpoint: ws }))
  await Promise.all([a, b].map(repo => once(repo.networkSubsystem as never, 'peer')))
  const handle = a.create({ text: 'before' })
  const other = await b.find<{ text: string }>(handle.url)
  const gone = once(b.networkSubsystem as never, 'peer-disconnected')
  network.offline = true
  network.cut()
  await gone
  handle.change(doc => {
    doc.text = 'meanwhile'
  })
  network.offline = false
  await until(() => other.doc().text === 'meanwhile')
})

t.test('a given channel stays open, and peers that are no repositories disturb nothing', async t => {
  const { ws } = await buildTestApp(t)
  const [channel, stranger] = ['documents', 'documents'].map(name => new NetworkWebSocket(name, { endpoint: ws })) as [
    NetworkWebSocket,
    NetworkWebSocket
  ]
  t.teardown(() => [channel, stranger].map(socket => socket.close()))
  await Promise.all([nextEvent(channel, 'open'), nextEvent(stranger, 'open')])
  const adapter = new NetworkWebSocketAdapter(channel)
  const a = openRepo(t, 'a', adapter)
  for (const bytes of [[], [100], [100, 255, 255], [101, 1], [102], [102], [7]]) stranger.send(new Uint8Array(bytes))
  const b = openRepo(t, 'b', new NetworkWebSocketAdapter('documents', { endpoint: ws }))
  await Promise.all([a, b].map(repo => once(repo.networkSubsystem as never, 'peer')))
  const handle = a.create({ text: 'hello' })
  t.equal((await b.find<{ text: string }>(handle.url)).doc().text, 'hello')
  const gone = once(b.networkSubsystem as never, 'peer-disconnected')
  adapter.disconnect()
  await gone
  t.equal(channel.readyState, 1)
})
