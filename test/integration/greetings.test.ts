// Clients that greet everybody in the moment of their opening, and cannot see who is there: what they say first waits until
// the other proxies that have the channel are known, and no longer than it must.
import t, { type Test } from 'tap'
import type { Carrier } from '../../src/core/hub/carrier.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { greet, joinNumbered, openRaw } from '../support/generations.ts'
import { createTestMesh, openLinks, until } from '../support/mesh.ts'

t.test('over a link, whoever dialled', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  await until(() => openLinks(one!) === 1 && openLinks(two!) === 1)
  await t.test('from one end', async t => await greet(t, one!.ws, two!.ws))
  await t.test('from the other end', async t => await greet(t, two!.ws, one!.ws))
})

/** A proxy with a carrier that never knows who else is there. */
async function startUnsure(t: Test) {
  const { app, ws } = await buildTestApp(t)
  const carrier: Carrier = {
    name: 'unsure',
    channelOpened: () => {},
    channelClosed: () => {},
    isSettling: () => true,
    localJoined: () => {},
    localLeft: () => {},
    broadcast: () => ({ peers: 0, missed: 0 }),
    message: () => false
  }
  app.channelRegistry.hub.attach(carrier)
  return { ws, listener: await joinChannel(t, ws, 'room') }
}

t.test('the wait has an end', async t => {
  const { ws, listener } = await startUnsure(t)
  const newcomer = await openRaw(t, ws, 'broadcast/room')
  newcomer.send('hello')
  t.match(await listener.nextOf('broadcast'), { data: 'hello' })
  newcomer.send('at once')
  t.match(await listener.nextOf('broadcast'), { data: 'at once' })
})

t.test('who says much is not kept waiting, and nothing is lost', async t => {
  const { ws, listener } = await startUnsure(t)
  const newcomer = await openRaw(t, ws, 'broadcast/room')
  const texts = ['first', 'x'.repeat(70_000), 'last']
  for (const text of texts) newcomer.send(text)
  for (const data of texts) t.match(await listener.nextOf('broadcast'), { data })
})

t.test('who says something and goes is heard', async t => {
  const { ws, listener } = await startUnsure(t)
  const newcomer = await openRaw(t, ws, 'broadcast/room')
  const { target: id } = await listener.nextOf('connect')
  newcomer.send('goodbye')
  newcomer.socket.close(1000)
  t.match(await listener.next(), { action: 'broadcast', source: id, data: 'goodbye' })
  t.match(await listener.next(), { action: 'disconnect', target: id })
})

t.test('nobody else waits', async t => {
  const { ws, listener } = await startUnsure(t)
  const machine = [await openRaw(t, ws, 'local/room'), await openRaw(t, ws, 'local/room')] as const
  machine[0].send('hello')
  t.equal(await machine[1].next(), 'hello')
  const other = await joinChannel(t, ws, 'room')
  other.send({ action: 'broadcast', data: 'hello' })
  t.match(await listener.nextOf('broadcast'), { data: 'hello' })
})

const page = { origin: 'http://localhost:8000' }

t.test(
  'of two pages that meet on one proxy, who was there is told second: by itself, or before what the other says',
  async t => {
    const { ws } = await buildTestApp(t)
    const resident = await joinChannel(t, ws, 'room', page)
    const quiet = await joinChannel(t, ws, 'room', page)
    t.match(await quiet.next(), { action: 'connect', target: resident.id })
    t.match(await resident.next(), { action: 'connect', target: quiet.id })
    const loud = await joinChannel(t, ws, 'room', page)
    t.match(await loud.next(), { action: 'connect', target: resident.id })
    loud.send({ action: 'message', target: resident.id, data: 'hello' })
    t.match(await resident.next(), { action: 'connect', target: loud.id })
    t.match(await resident.next(), { action: 'message', source: loud.id })
    loud.socket.close()
    t.match(await resident.next(), { action: 'disconnect', target: loud.id })
    t.strictSame(
      (await quiet.arrived()).map(({ action, target }) => [action, target]),
      [
        ['connect', loud.id],
        ['disconnect', loud.id]
      ]
    )
  }
)

t.test('the same for pages of the second generation', async t => {
  const { ws } = await buildTestApp(t)
  const resident = await joinNumbered(t, ws, 'room', '1001', page)
  const quiet = await joinNumbered(t, ws, 'room', '1002', page)
  t.match(await quiet.nextControl(), { Action: 'connect', Target: '1001' })
  t.match(await resident.nextControl(), { Action: 'connect', Target: '1002' })
  const loud = await joinNumbered(t, ws, 'room', '1003', page)
  loud.direct('1001', 'hello')
  t.match(await resident.nextControl(), { Action: 'connect', Target: '1003' })
  t.match(await resident.nextControl(), { Action: 'message', Source: '1003', Payload: 'hello' })
})

t.test('pages that meet over a link are both told, and what one says comes after', async t => {
  const {
    apps: [one, two]
  } = await createTestMesh(t, 2)
  await until(() => openLinks(one!) === 1 && openLinks(two!) === 1)
  const [a, b] = [await joinChannel(t, one!.ws, 'room', page), await joinChannel(t, two!.ws, 'room', page)]
  t.match(await a.nextOf('connect'), { target: b.id })
  t.match(await b.nextOf('connect'), { target: a.id })
  a.send({ action: 'message', target: b.id, data: 1 })
  t.match(await b.next(), { action: 'message', data: 1 })
})
