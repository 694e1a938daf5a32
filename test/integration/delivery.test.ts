// `GET /api/channels/<name>/delivery`: what it waits for, and what it says of those who went away. Real sockets whose reading
// is stopped and begun again; no clock.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { request } from 'node:http'
import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { statusOf } from '../support/http.ts'

interface Outstanding {
  waiting: number
  left: number
  cut: number
}
interface Delivery {
  peers: Outstanding
  proxies: Outstanding
}

const NOBODY: Outstanding = { waiting: 0, left: 0, cut: 0 }
const delivery = async (url: string, query: string): Promise<Delivery> =>
  (await (await fetch(`${url}/api/channels/room/delivery?${query}`)).json()) as Delivery
/** Asks; resolves when the question has come, so that another one comes behind it. */
async function ask(url: string, query: string): Promise<{ answer: Promise<Delivery> }> {
  const come = new Promise<void>(resolve => {
    const heard = (): void => {
      unsubscribe('http.server.request.start', heard)
      resolve()
    }
    subscribe('http.server.request.start', heard)
  })
  const answer = delivery(url, query)
  await come
  return { answer }
}
/** Far above the buffers of the system for a connection. */
const TEXT = 'x'.repeat(500_000)
const MESSAGES = 40

t.test('a client that does not read is waited for, until it has', async t => {
  const { url, app } = await buildTestApp(t, { maxQueuedBytes: 64 << 20 })
  const a = await joinChannel(t, url, 'room')
  const slow = await joinChannel(t, url, 'room')
  const reader = await joinChannel(t, url, 'room')
  slow.socket.pause()
  for (let sent = 0; sent < MESSAGES; sent++) a.send({ action: 'broadcast', data: TEXT })
  await a.arrived()
  for (let heard = 0; heard < MESSAGES; heard++) await reader.nextOf('broadcast')
  for (const until of ['sent', 'read'])
    t.strictSame(
      await delivery(url, `until=${until}&waitMs=1000&except=${a.id}`),
      { peers: { ...NOBODY, waiting: 1 }, proxies: NOBODY },
      until
    )
  const sent = delivery(url, `until=sent&waitMs=60000&except=${a.id}`)
  const read = delivery(url, `until=read&waitMs=60000&except=${a.id}`)
  slow.socket.resume()
  t.strictSame(await read, { peers: NOBODY, proxies: NOBODY })
  t.strictSame(await sent, { peers: NOBODY, proxies: NOBODY })
  for (let heard = 0; heard < MESSAGES; heard++)
    t.equal(((await slow.nextOf('broadcast')).data as string).length, TEXT.length)
  t.equal(app.channelRegistry.find('room')!.localCount, 3, 'nobody was cut off')
})

t.test('what is small is in the system at once, and read only when it is', async t => {
  const { url } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'room')
  const slow = await joinChannel(t, url, 'room')
  slow.socket.pause()
  a.send({ action: 'broadcast', data: 'hello' })
  await a.arrived()
  t.strictSame((await delivery(url, `until=sent&waitMs=60000&except=${a.id}`)).peers, NOBODY)
  t.strictSame((await delivery(url, `until=read&waitMs=200&except=${a.id}`)).peers, { ...NOBODY, waiting: 1 })
  const both = Promise.all([delivery(url, `waitMs=60000&except=${a.id}`), delivery(url, `waitMs=60000&except=${a.id}`)])
  slow.socket.resume()
  for (const { peers } of await both) t.strictSame(peers, NOBODY, 'one answer serves all who wait')
})

t.test('nobody is waited for where nobody wants to know any more', async t => {
  const { url, app } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'room')
  const slow = await joinChannel(t, url, 'room')
  slow.socket.pause()
  a.send({ action: 'broadcast', data: 'hello' })
  await a.arrived()
  const wait = app.delivery.wait.bind(app.delivery)
  const waits = new EventEmitter()
  app.delivery.wait = async (channel, options) => {
    waits.emit('begun')
    const result = await wait(channel, options)
    waits.emit('over', result)
    return result
  }
  const begun = once(waits, 'begun')
  const over = once(waits, 'over')
  const client = request(`${url}/api/channels/room/delivery?waitMs=60000&except=${a.id}`)
    .on('error', () => {})
    .end()
  await begun
  client.destroy()
  t.strictSame(await over, [{ peers: { ...NOBODY, waiting: 1 }, proxies: NOBODY }])
})

t.test('who leaves has left, whom the proxy ends was cut off', async t => {
  const { url } = await buildTestApp(t, { maxQueuedBytes: 64 * 1024 })
  const a = await joinChannel(t, url, 'room')
  const [leaving, stuck] = await Promise.all([joinChannel(t, url, 'room'), joinChannel(t, url, 'room')])
  leaving.socket.pause()
  stuck.socket.pause()
  a.send({ action: 'broadcast', data: 'hello' })
  await a.arrived()
  const asked = delivery(url, `waitMs=60000&except=${a.id}`)
  const gone = new Set<string>()
  leaving.socket.terminate()
  while (gone.size < 2) {
    a.send({ action: 'broadcast', data: TEXT })
    for (const { action, target } of await a.arrived()) if (action === 'disconnect') gone.add(target!)
  }
  // The request may have come when one of them had gone already.
  const {
    peers: { waiting, left, cut }
  } = await asked
  t.equal(waiting, 0)
  t.ok(left <= 1 && cut <= 1)
  const [other] = await Promise.all([joinChannel(t, url, 'room')])
  other.socket.pause()
  const again = await ask(url, `waitMs=60000&except=${a.id}`)
  t.equal((await delivery(url, `waitMs=10&except=${a.id}`)).peers.waiting, 1)
  other.socket.terminate()
  t.strictSame((await again.answer).peers, { ...NOBODY, left: 1 })
  const late = await joinChannel(t, url, 'room')
  late.socket.pause()
  const last = await ask(url, `waitMs=60000&except=${a.id}`)
  t.equal((await delivery(url, `waitMs=10&except=${a.id}`)).peers.waiting, 1)
  for (let isThere = true; isThere;) {
    a.send({ action: 'broadcast', data: TEXT })
    isThere = !(await a.arrived()).some(({ action, target }) => action === 'disconnect' && target === late.id)
  }
  t.strictSame((await last.answer).peers, { ...NOBODY, cut: 1 })
})

t.test('an event stream, and members within the process', async t => {
  const { url, app } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'room')
  await app.channelRegistry.join('room')
  const stream = request(`${url}/api/channels/room/events`, { headers: { accept: 'text/event-stream' } }).end()
  t.teardown(() => stream.destroy())
  stream.on('error', () => {})
  const [response] = (await once(stream, 'response')) as [NodeJS.ReadableStream]
  response.resume()
  a.send({ action: 'broadcast', data: 'hello' })
  await a.arrived()
  for (const until of ['sent', 'read'])
    t.strictSame(
      await delivery(url, `until=${until}&waitMs=60000&except=${a.id}`),
      { peers: NOBODY, proxies: NOBODY },
      until
    )
})

t.test('another proxy answers for its own', async t => {
  const one = await buildTestApp(t, { meshHost: '127.0.0.1' })
  const two = await buildTestApp(t, { meshHost: '127.0.0.1', peers: [`127.0.0.1:${one.app.peerMesh.port}`] })
  const a = await joinChannel(t, one.url, 'room')
  const b = await joinChannel(t, two.url, 'room')
  await a.nextOf('connect')
  b.socket.pause()
  a.send({ action: 'broadcast', data: 'hello' })
  await a.arrived()
  const asked = Array.from({ length: 30 }, async () => await delivery(one.url, `waitMs=60000&except=${a.id}`))
  for (const answer of await Promise.all(asked))
    t.strictSame(answer, { peers: NOBODY, proxies: NOBODY }, 'the other proxy has taken it')
  t.strictSame(await delivery(one.url, `until=sent&waitMs=60000&except=${a.id}`), { peers: NOBODY, proxies: NOBODY })
  t.equal(one.app.peerMesh.mesh.links.size, 1, 'and so many questions cost no link')
  t.equal(one.app.peerMesh.endings.size, 0)
})

t.test('who may not ask, and where nothing is open', async t => {
  const { url } = await buildTestApp(t)
  const answer = await fetch(`${url}/api/channels/room/delivery`)
  t.strictSame([answer.status, ((await answer.json()) as { code: string }).code], [404, 'NWS_ERR_CHANNEL_NOT_FOUND'])
  t.equal(await statusOf(`${url}/api/channels/a%20b/delivery`), 404)
  t.equal(await statusOf(`${url}/api/channels/room/delivery?until=never`), 400)
  const guarded = await buildTestApp(t, { apiToken: 'a-token-of-some-length' })
  t.equal(await statusOf(`${guarded.url}/api/channels/room/delivery`), 401)
})
