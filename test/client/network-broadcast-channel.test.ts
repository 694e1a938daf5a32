// NetworkBroadcastChannel: posting, arriving, waiting and closing.
import t, { type Test } from 'tap'
import { NetworkBroadcastChannel, NetworkWebSocket } from '../../src/client/node.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { nextEvent, queueEvents } from '../support/events.ts'
import { startFakeProxy } from '../support/fake-proxy.ts'

function open(t: Test, endpoint: string, name = 'room'): NetworkBroadcastChannel {
  const channel = new NetworkBroadcastChannel(name, { endpoint })
  t.teardown(() => channel.close())
  return channel
}

t.test('values arrive as they were posted', async t => {
  const { ws } = await buildTestApp(t)
  const raw = await joinChannel(t, ws, 'room')
  const [a, b] = [open(t, ws), open(t, ws)]
  await raw.next()
  await raw.next()
  const [atA, atB] = [queueEvents(a, 'message'), queueEvents(b, 'message')]
  t.equal(a.name, 'room')
  for (const value of [
    'text',
    '',
    0,
    -1.5,
    true,
    false,
    null,
    [],
    {},
    [1, [2, null]],
    { a: { b: 'c' } },
    { '': 1 },
    Object.create(null) as object
  ]) {
    a.postMessage(value)
    const event = await atB.next()
    t.ok(event instanceof MessageEvent)
    t.strictSame(event.data, JSON.parse(JSON.stringify(value)))
    t.match(event.senderId, /^[\w-]{22}$/)
  }
  a.postMessage({ left: undefined, out: [1] })
  t.strictSame((await atB.next()).data, { out: [1] })
  const bytes = Uint8Array.of(1, 2, 3)
  for (const value of [bytes, bytes.buffer, new DataView(bytes.buffer), new Blob([bytes])]) {
    b.postMessage(value)
    const { data } = await atA.next()
    t.ok(data instanceof ArrayBuffer)
    t.strictSame([...new Uint8Array(data as ArrayBuffer)], [1, 2, 3])
  }
  t.strictSame(atB.waiting(), [], 'not to oneself')
})

t.test("it is the same channel as NetworkWebSocket's: texts are texts", async t => {
  const { ws } = await buildTestApp(t)
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => socket.close())
  await nextEvent(socket, 'open')
  const channel = open(t, ws)
  await nextEvent(socket, 'connect')
  const atSocket = queueEvents(socket, 'message')
  const atChannel = queueEvents(channel, 'message')
  channel.postMessage('text')
  channel.postMessage({ a: 1 })
  t.match(await atSocket.next(), { data: 'text', json: 'text' })
  t.match(await atSocket.next(), { data: '{"a":1}', json: { a: 1 } })
  socket.send('{"a":1}')
  t.match(await atChannel.next(), { data: '{"a":1}' })
})

t.test('what would not arrive as it is cannot be posted', async t => {
  const channel = open(t, 'ws://localhost:1')
  const circular: unknown[] = []
  circular.push(circular)
  for (const value of [
    undefined,
    () => {},
    Symbol('x'),
    1n,
    NaN,
    Infinity,
    new Map(),
    new Set(),
    new Date(),
    /x/,
    [undefined],
    [new Date()],
    { a: () => {} },
    { a: 1n },
    { toJSON: () => 1 },
    { a: new Uint8Array(1) },
    [new ArrayBuffer(1)],
    new Error('x'),
    circular
  ]) {
    t.throws(() => channel.postMessage(value), { name: 'DataCloneError' }, Object.prototype.toString.call(value))
  }
})

t.test('what is posted before there is a connection waits, up to a bound', async t => {
  const { ws, accept } = await startFakeProxy(t)
  const channel = new NetworkBroadcastChannel('room', {
    endpoint: ws,
    reconnect: { initialDelayMs: 2, maxDelayMs: 2, maxQueuedBytes: 1000 }
  })
  t.teardown(() => channel.close())
  channel.postMessage('early')
  t.throws(() => channel.postMessage('x'.repeat(1000)), { name: 'QuotaExceededError' })
  channel.postMessage(Uint8Array.of(1))
  const server = await accept()
  t.equal(await server.next(), '{"action":"broadcast","data":"early"}')
  t.strictSame(await server.next(), Buffer.from([3, 0, 1]))
  const reconnecting = nextEvent(channel, 'reconnecting')
  server.socket.close(1001)
  t.match(await reconnecting, { detail: { attempt: 1, code: 1001 } })
  channel.postMessage('late')
  t.equal(await (await accept()).next(), '{"action":"broadcast","data":"late"}')
})

t.test('messages that cannot be read are messageerror events, problems are error events', async t => {
  const { ws, accept } = await startFakeProxy(t)
  const channel = open(t, ws)
  const events = queueEvents(channel, 'message', 'messageerror', 'error')
  const handled: string[] = []
  channel.onmessage = ({ data }) => handled.push(`message ${data as string}`)
  channel.onmessageerror = () => handled.push('messageerror')
  channel.onerror = ({ code }) => handled.push(code)
  const server = await accept()
  server.send('rubbish')
  server.send({ action: 'error', code: 'NWS_ERR_X', message: 'Words.', missed: 1 })
  server.send({ action: 'broadcast', source: 'a', data: 'b' })
  t.match(await events.next(), { type: 'messageerror', data: null })
  t.match(await events.next(), { type: 'error', code: 'NWS_ERR_X', message: 'Words.', detail: { missed: 1 } })
  t.match(await events.next(), { type: 'message', data: 'b', senderId: 'a' })
  t.strictSame(handled, ['messageerror', 'NWS_ERR_X', 'message b'])
})

t.test('closing lets out what was posted, and nothing in', async t => {
  const { ws } = await buildTestApp(t)
  const raw = await joinChannel(t, ws, 'room')
  const channel = new NetworkBroadcastChannel('room', { endpoint: ws })
  channel.postMessage('last words')
  channel.close()
  channel.close()
  t.throws(() => channel.postMessage('too late'), { name: 'InvalidStateError' })
  channel.onmessage = () => t.fail('nothing is heard')
  t.match(await raw.next(), { action: 'connect' })
  raw.send({ action: 'broadcast', data: 'hello?' })
  t.match(await raw.nextOf('broadcast'), { data: 'last words' })
  await raw.nextOf('disconnect')

  const idle = new NetworkBroadcastChannel('room', { endpoint: ws })
  idle.close()
  t.strictSame(
    (await raw.arrived()).filter(({ action }) => action === 'broadcast'),
    []
  )
  t.throws(() => new NetworkBroadcastChannel('no name'), { name: 'SyntaxError' })
})
