// NetworkWebSocket against the proxy: broadcasts, peers and direct messages.
import t, { type Test } from 'tap'
import { NetworkWebSocket, type PeerWebSocket } from '../../src/client/node.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { nextEvent, queueEvents } from '../support/events.ts'

function open(t: Test, endpoint: string, name = 'room'): NetworkWebSocket {
  const socket = new NetworkWebSocket(name, null, { endpoint })
  t.teardown(() => socket.close())
  return socket
}

/** Opens two sockets that know of each other. */
async function openTwo(t: Test) {
  const { ws, app } = await buildTestApp(t)
  const a = open(t, ws)
  await nextEvent(a, 'open')
  const b = open(t, ws)
  const [
    {
      detail: { target: bOfA }
    },
    {
      detail: { target: aOfB }
    }
  ] = (await Promise.all([nextEvent(a, 'connect'), nextEvent(b, 'connect')])) as [
    { detail: { target: PeerWebSocket } },
    { detail: { target: PeerWebSocket } }
  ]
  return { ws, app, a, b, aOfB, bOfA }
}

t.test('what is sent goes to all others, with its sender', async t => {
  const { a, b } = await openTwo(t)
  t.match(a.id, /^[A-Za-z0-9_-]{22}$/)
  const atA = queueEvents(a, 'message')
  const atB = queueEvents(b, 'message')
  a.send('hello')
  const event = await atB.next()
  t.match(event, { type: 'message', data: 'hello', json: 'hello', senderId: a.id })
  t.ok(event instanceof MessageEvent)
  t.equal(event['origin'], new URL(b.url).origin)
  b.send('')
  t.match(await atA.next(), { data: '', senderId: b.id })
  t.strictSame(atB.waiting(), [], 'not to oneself')
})

t.test('peers come and go with their own sockets', async t => {
  const { ws, a, b, aOfB, bOfA } = await openTwo(t)
  t.equal(bOfA.id, b.id)
  t.equal(aOfB.id, a.id)
  t.strictSame(
    [a.peers.length, a.peers.size, a.peers[0], a.peers.get(b.id), a.peers.has(b.id), a.peers.has('x')],
    [1, 1, bOfA, bOfA, true, false]
  )
  t.strictSame(
    [...a.peers].map(peer => peer.id),
    [b.id]
  )
  t.ok(Array.isArray(a.peers.map(peer => peer.id)))
  const events = queueEvents(a, 'connect', 'disconnect')
  const c = open(t, ws)
  const peer = (await events.next()).detail.target as PeerWebSocket
  t.equal(peer.readyState, NetworkWebSocket.OPEN, 'a moment later it is open')
  const closed = nextEvent(peer, 'close')
  c.close()
  t.match(await closed, { code: 3000, reason: 'Closed', wasClean: true })
  t.equal((await events.next()).detail.target, peer)
  t.equal(peer.readyState, NetworkWebSocket.CLOSED)
  t.equal(a.peers.length, 1)
})

t.test('a peer opens after the listeners of connect and before its first message', async t => {
  const { ws } = await buildTestApp(t)
  const a = open(t, ws)
  await nextEvent(a, 'open')
  const log: string[] = []
  const done = new Promise<void>(resolve => {
    a.onconnect = ({ detail: { target } }) => {
      log.push(`connect ${target.readyState}`)
      t.throws(() => target.send('too early'), { name: 'InvalidStateError' })
      target.onopen = () => log.push(`open ${target.readyState}`)
      target.onmessage = ({ data }) => {
        log.push(`message ${data as string}`)
      }
      target.onclose = () => resolve()
    }
    a.onmessage = ({ data }) => {
      log.push(`broadcast ${data as string}`)
    }
  })
  // All in one packet of the proxy.
  const raw = await joinChannel(t, ws, 'room')
  raw.send({ action: 'message', target: a.id, data: '1' })
  raw.send({ action: 'broadcast', data: '2' })
  raw.socket.close()
  await done
  t.strictSame(log, ['connect 0', 'open 1', 'message 1', 'broadcast 2'])
})

t.test('direct messages reach one peer, at its socket', async t => {
  const { ws, a, b, aOfB, bOfA } = await openTwo(t)
  const c = open(t, ws)
  await nextEvent(c, 'connect')
  const atB = queueEvents(b, 'message')
  const atPeer = queueEvents(aOfB, 'message')
  const atC = queueEvents(c, 'message')
  bOfA.send('psst')
  a.send('all')
  t.match(await atPeer.next(), { data: 'psst', senderId: a.id })
  t.match(await atB.next(), { data: 'all', senderId: a.id })
  t.match(await atC.next(), { data: 'all' })
  aOfB.send('psst yourself')
  t.match(await nextEvent(bOfA, 'message'), { data: 'psst yourself', senderId: b.id })
  t.strictSame([...atB.waiting(), ...atC.waiting()], [])
})

t.test('a peer that is closed is heard no more, and stays in the channel', async t => {
  const { a, b, aOfB, bOfA } = await openTwo(t)
  const direct = queueEvents(aOfB, 'message', 'close')
  aOfB.close(4321, 'enough')
  t.equal(aOfB.readyState, NetworkWebSocket.CLOSING)
  t.match(await direct.next(), { type: 'close', code: 4321, reason: 'enough', wasClean: true })
  const broadcasts = queueEvents(b, 'message')
  bOfA.send('unheard')
  a.send('heard')
  t.match(await broadcasts.next(), { data: 'heard' })
  t.strictSame(direct.waiting(), [])
  t.equal(b.peers.length, 1)
  aOfB.send('into the void')
  aOfB.close()
  const disconnected = nextEvent(b, 'disconnect')
  a.close()
  t.equal((await disconnected).detail.target, aOfB)
  t.strictSame(direct.waiting(), [], 'it closes once')
})

t.test('data that is no string arrives as its JSON text, to the digit, and as its value', async t => {
  const { ws } = await buildTestApp(t)
  const a = open(t, ws)
  await nextEvent(a, 'open')
  const messages = queueEvents(a, 'message')
  const raw = await joinChannel(t, ws, 'room')
  for (const [json, value] of [
    ['{"a":[1,2]}', { a: [1, 2] }],
    ['12345678901234567890', Number('12345678901234567890')],
    ['1.0', 1],
    ['null', null],
    ['true', true],
    ['[]', []],
    ['"\\u0041"', 'A']
  ] as const) {
    raw.send(`{"action":"broadcast","data": ${json} }`)
    const event = await messages.next()
    t.strictSame([event.data, event.json], [typeof value === 'string' ? value : json, value])
  }
})

t.test('closing tells the peers of it first, then closes', async t => {
  const { a, bOfA } = await openTwo(t)
  const log: string[] = []
  for (const type of ['close', 'disconnect'])
    a.addEventListener(type, event => log.push(`${event.type} ${a.peers.length}`))
  bOfA.addEventListener('close', () => log.push('peer closed'))
  const closed = nextEvent(a, 'close')
  a.close(3999, 'bye')
  t.equal(a.readyState, NetworkWebSocket.CLOSING)
  t.match(await closed, { code: 3999, reason: 'bye', wasClean: true })
  t.strictSame(log, ['peer closed', 'disconnect 0', 'close 0'])
  t.equal(a.readyState, NetworkWebSocket.CLOSED)
  bOfA.send('nothing happens')
})

t.test('what the proxy could not do is an error event and changes nothing', async t => {
  const { a, b } = await openTwo(t)
  const errors = queueEvents(a, 'error', 'close')
  const peer = a.peers[0]!
  const gone = nextEvent(a, 'disconnect')
  b.close()
  await gone
  t.doesNotThrow(() => peer.send('late'))
  a.send('x'.repeat(10))
  const { ws } = await buildTestApp(t, { maxDataDepth: 1, maxMessagesPerSecond: 1 })
  const limited = open(t, ws)
  const problems = queueEvents(limited, 'error')
  await nextEvent(limited, 'open')
  for (let i = 0; i < 3; i++) limited.send('quick')
  const event = await problems.next()
  t.match(event, { type: 'error', code: 'NWS_ERR_RATE_LIMITED', message: /NWS_MAX_MESSAGES_PER_SECOND/ })
  t.equal(limited.readyState, NetworkWebSocket.OPEN)
  t.strictSame(errors.waiting(), [])
})
