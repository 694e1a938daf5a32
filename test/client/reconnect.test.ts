// Reconnecting: the times of attempts, the messages that wait meanwhile, the peers afterwards.
import t, { type Test } from 'tap'
import { NetworkWebSocket, type PeerWebSocket, type ReconnectOptions } from '../../src/client/node.ts'
import { Backoff } from '../../src/client/reconnect.ts'
import { buildApp } from '../../src/app.ts'
import { nextEvent, queueEvents } from '../support/events.ts'
import { startFakeProxy } from '../support/fake-proxy.ts'
import { freePort } from '../support/ports.ts'

const quick: ReconnectOptions = { initialDelayMs: 2, maxDelayMs: 20 }

/** Timers that wait until the test lets them go. */
function manualTimers() {
  const timers: (() => void)[] = []
  const delays: number[] = []
  return {
    delays,
    fire: () => {
      timers.shift()?.()
    },
    waiting: () => timers.length,
    options: {
      setTimeout: (callback: () => void, ms: number) => {
        delays.push(ms)
        timers.push(callback)
        return callback
      },
      clearTimeout: (timer: () => void) => {
        timers.splice(timers.indexOf(timer), 1)
      }
    }
  }
}

async function open(t: Test, reconnect: ReconnectOptions | boolean, answersStatus = true) {
  const proxy = await startFakeProxy(t, { answersStatus })
  const socket = new NetworkWebSocket('room', { endpoint: proxy.ws, reconnect })
  t.teardown(() => socket.close())
  const events = queueEvents(socket, 'open', 'error', 'close', 'connect', 'disconnect', 'message', 'reconnecting')
  const server = await proxy.accept()
  return { proxy, socket, events, server }
}

t.test('delays double up to a bound, each somewhere below it', async t => {
  let now = 0
  const draws = [0.5, 1, 0, 0.25, 1, 1, 1, 1]
  const backoff = new Backoff({
    initialDelayMs: 100,
    maxDelayMs: 1000,
    maxAttempts: 6,
    stableMs: 5000,
    random: () => draws.shift()!,
    now: () => now
  })
  t.strictSame(
    [backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()],
    [50, 200, 0, 200, 1000, 1000, undefined]
  )
  backoff.opened()
  now = 4999
  t.equal(backoff.next(), undefined, 'a short connection is no new beginning')
  backoff.opened()
  now = 10_000
  t.equal(backoff.next(), 100)
  t.equal(backoff.attempt, 1)
})

t.test('without the option nothing is tried again', async t => {
  for (const reconnect of [false, undefined]) {
    const { ws, accept } = await startFakeProxy(t)
    const socket = new NetworkWebSocket('room', { endpoint: ws, reconnect })
    const events = queueEvents(socket, 'error', 'close', 'reconnecting')
    const server = await accept()
    await nextEvent(socket, 'open')
    server.socket.terminate()
    t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_CONNECTION_LOST' })
    t.equal(socket.readyState, 3)
    t.match(await events.next(), { type: 'close', code: 1006, wasClean: false })
  }
})

t.test('a lost connection is made again, with the events that say so', async t => {
  const timers = manualTimers()
  const { proxy, socket, events, server } = await open(t, { ...timers.options, random: () => 0.5, initialDelayMs: 100 })
  t.equal((await events.next()).type, 'open')
  server.socket.close(1001, 'NWS_ERR_SHUTTING_DOWN')
  t.match(await events.next(), {
    type: 'reconnecting',
    detail: { attempt: 1, delayMs: 50, code: 1001, reason: 'NWS_ERR_SHUTTING_DOWN' }
  })
  t.equal(socket.readyState, NetworkWebSocket.CONNECTING)
  timers.fire()
  const second = await proxy.accept()
  t.equal((await events.next()).type, 'open')
  second.socket.terminate()
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_CONNECTION_LOST' })
  t.match(await events.next(), { type: 'reconnecting', detail: { attempt: 2, delayMs: 100, code: 1006 } })
  socket.close()
  t.equal(timers.waiting(), 0)
  t.match(await events.next(), { type: 'close', code: 1006, wasClean: false })
  t.strictSame(timers.delays, [50, 100])
})

t.test('a listener may end it', async t => {
  const { socket, events, server } = await open(t, quick)
  t.equal((await events.next()).type, 'open')
  socket.onreconnecting = () => socket.close()
  server.socket.terminate()
  t.strictSame(
    [(await events.next()).type, (await events.next()).type, (await events.next()).type],
    ['error', 'reconnecting', 'close']
  )
})

t.test('codes of a proxy that wants no further attempt are final, all others are not', async t => {
  for (const code of [1008, 4500, 4501, 4999]) {
    const { events, server } = await open(t, quick)
    t.equal((await events.next()).type, 'open')
    server.socket.close(code, 'NWS_ERR_X')
    t.match(await events.next(), { type: 'close', code, reason: 'NWS_ERR_X', wasClean: true })
  }
  for (const code of [1000, 1001, 1009, 1011, 1013, 4000, 4008, 4499, 3000]) {
    const { events, server } = await open(t, quick)
    t.equal((await events.next()).type, 'open')
    server.socket.close(code)
    t.match(await events.next(), { type: 'reconnecting', detail: { code } })
    t.equal((await events.next()).type, 'open')
  }
})

t.test('what is sent meanwhile waits in order, up to a bound that throws', async t => {
  const { proxy, socket, events, server } = await open(t, { ...quick, maxQueuedBytes: 2000 }, false)
  server.send({ action: 'connect', source: 'me', target: 'stays' })
  server.send({ action: 'connect', source: 'me', target: 'goes' })
  server.send({ action: 'status', source: 'me', target: 'me' })
  t.equal((await events.next()).type, 'open')
  const stays = (await events.next()).detail.target as PeerWebSocket
  const goes = (await events.next()).detail.target as PeerWebSocket
  server.socket.terminate()
  await events.nextOf('reconnecting')
  socket.send('1')
  socket.send(new Blob(['2']))
  goes.send('never')
  stays.send('3')
  t.throws(() => socket.send('x'.repeat(2000)), { name: 'QuotaExceededError' })
  socket.send('4')
  t.ok(socket.bufferedAmount > 100)

  const second = await proxy.accept()
  second.send({ action: 'connect', source: 'me2', target: 'stays' })
  t.equal((await events.next()).type, 'open')
  socket.send('5')
  second.send({ action: 'connect', source: 'me2', target: 'new' })
  second.send({ action: 'broadcast', source: 'new', data: 'early' })
  second.send({ action: 'status', source: 'me2', target: 'me2' })
  t.match(await events.next(), { type: 'connect', detail: { target: { id: 'new' } } })
  t.match(await events.next(), { type: 'message', data: 'early' })
  t.match(
    await events.next(),
    { type: 'disconnect', detail: { target: goes } },
    'who is gone is told of, who stayed is not'
  )
  t.equal(goes.readyState, 3)
  t.strictSame([stays.readyState, socket.id, socket.peers.map(peer => peer.id)], [1, 'me2', ['stays', 'new']])
  t.equal(await second.next(), '{"action":"status"}')
  t.equal(await second.next(), '{"action":"broadcast","data":"1"}')
  t.strictSame(await second.next(), Buffer.from('\x03\x002'))
  t.equal(await second.next(), '{"action":"message","target":"stays","data":"3"}')
  t.equal(await second.next(), '{"action":"broadcast","data":"4"}')
  t.equal(await second.next(), '{"action":"broadcast","data":"5"}')
  t.equal(socket.bufferedAmount, 0)
})

t.test('a peer that comes while it is being made again and goes at once is not left over', async t => {
  const { proxy, socket, events, server } = await open(t, quick, false)
  server.send({ action: 'connect', source: 'me', target: 'a' })
  server.send({ action: 'status', source: 'me', target: 'me' })
  await events.nextOf('connect')
  server.send({ action: 'connect', source: 'me', target: 'b' })
  await events.nextOf('connect')
  server.socket.terminate()
  const second = await proxy.accept()
  second.send({ action: 'connect', source: 'me', target: 'a' })
  second.send({ action: 'connect', source: 'me', target: 'b' })
  second.send({ action: 'disconnect', source: 'me', target: 'a' })
  second.send({ action: 'status', source: 'me', target: 'me' })
  t.match(await events.nextOf('disconnect'), { detail: { target: { id: 'a' } } })
  t.strictSame(
    socket.peers.map(peer => peer.id),
    ['b']
  )
  second.socket.terminate()
  const third = await proxy.accept()
  third.send({ action: 'status', source: 'me', target: 'me' })
  t.match(
    await events.nextOf('disconnect'),
    { detail: { target: { id: 'b' } } },
    'told of by an earlier connection only'
  )
  t.equal(socket.peers.length, 0)
})

t.test('it comes back when the proxy does, and finds the others', async t => {
  const port = await freePort()
  const first = await buildApp({ port, discovery: 'off', shutdownTimeoutMs: 500 })
  t.teardown(() => first.close())
  await first.listener.listen()
  const endpoint = `ws://localhost:${port}`
  const [a, b] = [
    new NetworkWebSocket('room', { endpoint, reconnect: quick }),
    new NetworkWebSocket('room', { endpoint, reconnect: quick })
  ]
  const log: string[] = []
  for (const type of ['connect', 'disconnect', 'close']) a.addEventListener(type, () => log.push(type))
  await Promise.all([nextEvent(a, 'connect'), nextEvent(b, 'connect')])
  const [problem, waiting] = [nextEvent(a, 'error'), nextEvent(b, 'reconnecting')]
  await first.close()
  t.match(await problem, { code: 'NWS_CLIENT_NOT_RUNNING' }, 'the reason is looked for once')
  await waiting
  a.send('from the outage')

  const second = await buildApp({ port, discovery: 'off', shutdownTimeoutMs: 500 })
  t.teardown(() => second.close())
  // Either of the two may be back first; this member is there before both.
  const message = new Promise<{ data: unknown; source: { id: string } }>(resolve => {
    void second.channelRegistry.join('room', { onMessage: resolve })
  })
  await second.listener.listen()
  const { data, source } = await message
  t.equal(data, 'from the outage')
  t.equal(source.id, a.id)
  while (a.peers.length < 2) await nextEvent(a, 'connect')
  t.equal(a.peers.length, 2, 'and the other one is found again')
  t.strictSame(log.toSorted(), ['connect', 'connect', 'connect', 'disconnect'])
  a.close()
  b.close()
})

t.test('the number of attempts can be bounded, and the first opening is tried again, too', async t => {
  const { port } = await startFakeProxy(t)
  const socket = new NetworkWebSocket('room', { endpoint: 'ws://localhost:1', reconnect: { ...quick, maxAttempts: 2 } })
  const events = queueEvents(socket, 'open', 'error', 'reconnecting', 'close')
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_NOT_RUNNING' })
  t.match(await events.next(), { type: 'reconnecting', detail: { attempt: 1 } })
  t.match(await events.next(), { type: 'reconnecting', detail: { attempt: 2 } })
  t.match(await events.next(), { type: 'close', code: 1006 })
  t.equal(socket.readyState, 3)
  t.ok(port > 0)
})
