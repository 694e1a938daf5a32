// Clients that greet everybody in the moment of their opening, and cannot see who is there: what they say first waits until
// the other proxies that have the channel are known, and no longer than it must.
import t from 'tap'
import type { Test } from 'tap'
import type { Carrier } from '../../src/core/hub/carrier.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { startClusterApps } from '../support/cluster-apps.ts'
import { openRaw } from '../support/generations.ts'
import { createTestMesh, openLinks, until } from '../support/mesh.ts'
import { natsUnavailable, startNats } from '../support/nats.ts'

/** Somebody is at the first proxy, a newcomer at the second: he greets, is answered, and all comes in order. */
async function greet (t: Test, one: string, two: string): Promise<void> {
  const resident = await openRaw(t, one, 'broadcast/conference')
  const newcomer = await openRaw(t, two, 'broadcast/conference')
  for (const text of ['hello', '', 'offer']) newcomer.send(text)
  for (const text of ['hello', '', 'offer']) t.equal(await resident.next(), text)
  resident.send('welcome')
  t.equal(await newcomer.next(), 'welcome')
  newcomer.send('later')
  t.equal(await resident.next(), 'later')
}

t.test('over a link, whoever dialled', async t => {
  const { apps: [one, two] } = await createTestMesh(t, 2)
  await until(() => openLinks(one!) === 1 && openLinks(two!) === 1)
  await t.test('from one end', async t => await greet(t, one!.ws, two!.ws))
  await t.test('from the other end', async t => await greet(t, two!.ws, one!.ws))
})

t.test('over a cluster', { skip: natsUnavailable() ?? false }, async t => {
  const nats = await startNats(t)
  const [one, two] = await startClusterApps(t, 2, () => [nats.url])
  await greet(t, one!.ws, two!.ws)
})

/** A proxy with a carrier that never knows who else is there. */
async function startUnsure (t: Test) {
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
