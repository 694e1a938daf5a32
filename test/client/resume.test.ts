// A client whose socket is cut comes back to its membership: the others do not notice, and nothing is lost or doubled.
import { once } from 'node:events'
import t from 'tap'
import { NetworkWebSocket } from '../../src/client/network-web-socket.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { cuttable } from '../support/cuttable.ts'
import { buildHost, guestClass, joinAsGuest } from '../support/guests.ts'

/** Data of the next messages. */
function record(socket: NetworkWebSocket): { data: unknown[]; until: (last: unknown) => Promise<unknown[]> } {
  const data: unknown[] = []
  let check = (): void => {}
  socket.addEventListener('message', event => {
    data.push(event.data)
    check()
  })
  return {
    data,
    until: async last => {
      await new Promise<void>(resolve => {
        check = () => {
          if (data.at(-1) === last) resolve()
        }
        check()
      })
      return data
    }
  }
}

t.test('a cut client comes back as the same peer and misses nothing', async t => {
  const { ws, url } = await buildTestApp(t)
  const desk = await joinChannel(t, ws, 'room')
  const net = cuttable()
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: net.Socket, resume: 10_000 })
  t.teardown(() => phone.close())
  await once(phone, 'open')
  const { id } = phone
  t.match(await desk.nextOf('connect'), { target: id })
  const heard = record(phone)
  desk.send({ action: 'broadcast', data: 'before' })
  await heard.until('before')
  net.offline = true
  net.cut()
  await once(phone, 'reconnecting')
  t.equal(phone.readyState, 1)
  for (let i = 0; i < 20; i++) desk.send({ action: 'broadcast', data: `missed ${i}` })
  desk.send({ action: 'message', target: id, data: 'for you' })
  phone.send('from the dark')
  await desk.arrived()
  net.offline = false
  await once(phone, 'resumed')
  desk.send({ action: 'broadcast', data: 'after' })
  t.same(await heard.until('after'), ['before', ...Array.from({ length: 20 }, (_, i) => `missed ${i}`), 'after'])
  t.equal(phone.id, id)
  t.match(await desk.nextOf('broadcast'), { source: id, data: 'from the dark' })
  t.same(
    (await desk.arrived()).filter(({ action }) => action !== 'status'),
    [],
    'no connect and no disconnect'
  )
})

t.test('messages on their way at the cut arrive once, in both directions', async t => {
  const { ws, url } = await buildTestApp(t)
  const desk = await joinChannel(t, ws, 'room')
  const net = cuttable()
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: net.Socket, resume: 10_000 })
  t.teardown(() => phone.close())
  await once(phone, 'open')
  await desk.nextOf('connect')
  const heard = record(phone)
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 300; i++) {
      phone.send(`up ${round} ${i}`)
      desk.send({ action: 'broadcast', data: `down ${round} ${i}` })
    }
    net.cut()
    await once(phone, 'resumed')
  }
  phone.send('end')
  desk.send({ action: 'broadcast', data: 'end' })
  const all = (way: string) => [
    ...Array.from({ length: 1500 }, (_, i) => `${way} ${Math.floor(i / 300)} ${i % 300}`),
    'end'
  ]
  t.same(await heard.until('end'), all('down'))
  const got: unknown[] = []
  while (got.at(-1) !== 'end') got.push((await desk.nextOf('broadcast')).data)
  t.same(got, all('up'))
})

t.test('a client that comes too late joins as another peer', async t => {
  const { ws, url } = await buildTestApp(t)
  const desk = await joinChannel(t, ws, 'room')
  const net = cuttable()
  const phone = new NetworkWebSocket('room', {
    endpoint: url,
    WebSocket: net.Socket,
    resume: 50,
    reconnect: { initialDelayMs: 10, maxDelayMs: 10 }
  })
  t.teardown(() => phone.close())
  await once(phone, 'open')
  const { id } = phone
  net.offline = true
  net.cut()
  t.match(await desk.nextOf('disconnect'), { target: id })
  const opened = once(phone, 'open')
  net.offline = false
  await opened
  t.not(phone.id, id)
})

t.test('too many missed bytes end the membership as that of a slow reader', async t => {
  const { ws, url } = await buildTestApp(t, { maxQueuedBytes: 65_536 })
  const desk = await joinChannel(t, ws, 'room')
  const net = cuttable()
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: net.Socket, resume: 10_000 })
  t.teardown(() => phone.close())
  await once(phone, 'open')
  net.offline = true
  net.cut()
  await once(phone, 'reconnecting')
  // The proxy may notice the cut later than the client.
  const began = performance.now()
  for (let heard: object[] = []; !heard.some(each => 'action' in each && each.action === 'disconnect');) {
    desk.send({ action: 'broadcast', data: 'x'.repeat(4000) })
    heard = await desk.arrived()
  }
  t.ok(performance.now() - began < 10_000, 'not after its time')
})

t.test('a clean end is the end', async t => {
  const { ws, url } = await buildTestApp(t)
  const desk = await joinChannel(t, ws, 'room')
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: cuttable().Socket, resume: 10_000 })
  await once(phone, 'open')
  phone.close()
  t.match(await desk.nextOf('disconnect'), { target: phone.id })
})

t.test('on this machine a client asks for nothing, unless it wants to', async t => {
  const { ws, url } = await buildTestApp(t)
  const desk = await joinChannel(t, ws, 'room')
  const net = cuttable()
  const phone = new NetworkWebSocket('room', { endpoint: url, WebSocket: net.Socket })
  await once(phone, 'open')
  net.cut()
  t.match(await once(phone, 'close'), [{ code: 1006 }])
  t.match(await desk.nextOf('disconnect'), { target: phone.id })
})

t.test('wrong tokens and wrong channels are told so', async t => {
  const { ws } = await buildTestApp(t)
  const first = await joinChannel(t, ws, 'room?binary=1&resume=1000')
  const { token } = (await first.nextOf('resume')) as unknown as { token: string }
  t.match(token, /^[\w-]{22}$/)
  const tries: [string, object, string][] = [
    ['room?binary=1&resume=back', { action: 'resume', token: 'x'.repeat(22), received: 0 }, 'NWS_ERR_RESUME_GONE'],
    ['other?binary=1&resume=back', { action: 'resume', token, received: 0 }, 'NWS_ERR_RESUME_GONE'],
    ['room?binary=1&resume=back', { action: 'resume', token, received: 999 }, 'NWS_ERR_RESUME_GONE'],
    ['room?binary=1&resume=back', { action: 'resume', token, received: -1 }, 'NWS_ERR_MESSAGE_RESUME'],
    ['room?binary=1&resume=back', { action: 'broadcast', data: 1 }, 'NWS_ERR_MESSAGE_RESUME']
  ]
  for (const [path, message, code] of tries) {
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${ws}/${path}`)
    const told = once(socket, 'message')
    const closed = once(socket, 'close')
    await once(socket, 'open')
    socket.send(JSON.stringify(message))
    const [data] = (await told) as [Buffer]
    t.match(JSON.parse(data.toString()), { action: 'error', code })
    t.equal(String((await closed)[1]), code)
  }
})

t.test('a guest whose screen was dark is still there', async t => {
  const { invite, ws, call } = await buildHost(t)
  const { url } = await invite('party', { guests: 1 })
  const desk = await joinChannel(t, ws, 'party')
  const net = cuttable()
  const phone = await joinAsGuest(t, url, 'party', { WebSocket: guestClass(url, net.Socket), resume: 60_000 })
  t.match(await desk.nextOf('connect'), { target: phone.id })
  const heard = record(phone)
  net.offline = true
  net.cut()
  await once(phone, 'reconnecting')
  desk.send({ action: 'broadcast', data: 'while it was dark' })
  phone.send('from the dark')
  t.match((await call('GET', '')).json, [{ guests: { now: 1 } }])
  net.offline = false
  await once(phone, 'resumed')
  t.same(await heard.until('while it was dark'), ['while it was dark'])
  t.match(await desk.nextOf('broadcast'), { data: 'from the dark' })
  t.match((await call('GET', '')).json, [{ guests: { now: 1, list: [{ id: phone.id }] } }])
})

t.test('a guest who is away hears of the end of the invitation when it comes back', async t => {
  const { invite, call } = await buildHost(t)
  const { url, id } = await invite('party')
  await invite('other')
  const net = cuttable()
  const phone = await joinAsGuest(t, url, 'party', {
    WebSocket: guestClass(url, net.Socket),
    resume: 60_000,
    reconnect: true
  })
  net.offline = true
  net.cut()
  await once(phone, 'reconnecting')
  await call('DELETE', `/${id}`)
  const closed = once(phone, 'close')
  net.offline = false
  t.match(await once(phone, 'error'), [{ code: 'NWS_ERR_GUEST_OVER' }])
  t.match(await closed, [{ code: 4514 }])
})
