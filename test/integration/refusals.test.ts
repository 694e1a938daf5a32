// Each message that the proxy does not take is named to its sender by its number, and a socket that the proxy ends hears
// why before the close frame.
import t from 'tap'
import { NetworkWebSocket } from '../../src/client/node.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel, openSocket, type Envelope } from '../support/channel.ts'
import { nextEvent, queueEvents } from '../support/events.ts'

t.test('every refused message is named, and no other', async t => {
  const { ws } = await buildTestApp(t, { maxMessagesPerSecond: 4 })
  const sender = await joinChannel(t, ws, 'room') // Its request for the id is the first message.
  const reader = await joinChannel(t, ws, 'room')
  for (let number = 2; number <= 20; number++) sender.send({ action: 'broadcast', data: number })
  const refused = new Set<number>()
  const taken = new Set<number>()
  let finish = (): void => {}
  const all = new Promise<void>(resolve => (finish = resolve))
  const collect = async (next: () => Promise<Envelope>, add: (message: Envelope) => void): Promise<void> => {
    while (refused.size + taken.size < 19) add(await next())
    finish()
  }
  const collecting = [
    collect(
      () => reader.nextOf('broadcast'),
      ({ data }) => taken.add(data as number)
    ),
    collect(
      () => sender.nextOf('error'),
      ({ code, first, last }) => {
        t.equal(code, 'NWS_ERR_RATE_LIMITED')
        for (let number = first as number; number <= (last as number); number++) refused.add(number)
      }
    )
  ]
  for (const each of collecting) each.catch(() => {}) // One of them is cut off by the end of the test.
  await all
  t.ok(refused.size > 0 && taken.size > 0)
  for (let number = 2; number <= 20; number++) t.not(refused.has(number), taken.has(number), `message ${number}`)
})

t.test('a message that is refused for its content', async t => {
  const { ws } = await buildTestApp(t)
  const client = await joinChannel(t, ws, 'room')
  client.send({ action: 'broadcast', data: 1 })
  client.send('nonsense')
  t.match(await client.nextOf('error'), { code: 'NWS_ERR_MESSAGE_NOT_JSON', first: 3, last: 3 })
  client.send({ action: 'message', target: 'nobody', data: 1 })
  t.match(await client.nextOf('error'), { code: 'NWS_ERR_PEER_NOT_FOUND', first: 4, last: 4 })
})

for (const [name, message, code, close] of [
  ['too large', Buffer.alloc(2000), 'NWS_ERR_MESSAGE_TOO_LARGE', 1009],
  ['not UTF-8', undefined, 'NWS_ERR_MESSAGE_NOT_UTF8', 1007]
] as const)
  t.test(`a message that is ${name} is named before the end`, async t => {
    const { ws } = await buildTestApp(t, { maxMessageBytes: 1000 })
    const client = await joinChannel(t, ws, 'room')
    client.send({ action: 'broadcast', data: 1 })
    if (message === undefined) client.socket.send(Buffer.from([0xff]), { binary: false })
    else client.send(message)
    t.match(await client.nextOf('error'), { code, first: 3, last: 3 })
    t.match(await client.closed(), { code: close, reason: code })
  })

t.test('a wrong token is told in words', async t => {
  const { app, port } = await buildTestApp(t, { apiToken: 'right-token-of-some-length' })
  // Every client counts as one of another machine.
  app.accessGuard.mustAuthenticate = () => true
  const { socket, take, closed } = openSocket(t, `ws://localhost:${port}/room`)
  socket.once('open', () => socket.send('{"action":"auth","token":"wrong"}'))
  t.match(JSON.parse((await take()).bytes.toString()), {
    action: 'error',
    code: 'NWS_ERR_TOKEN_REQUIRED',
    message: /missing or wrong/
  })
  t.match(await closed, { code: 4501, reason: 'NWS_ERR_TOKEN_REQUIRED' })

  const client = new NetworkWebSocket('room', { endpoint: `ws://localhost:${port}`, token: 'wrong' })
  const events = queueEvents(client, 'error', 'close')
  t.match(await events.next(), { type: 'error', code: 'NWS_ERR_TOKEN_REQUIRED', message: /missing or wrong/ })
  t.match(await events.next(), { type: 'close', code: 4501 })
})

t.test('the library counts as the proxy does', async t => {
  const { ws } = await buildTestApp(t, { maxMessageBytes: 1000 })
  const client = new NetworkWebSocket('room', { endpoint: ws, reconnect: { initialDelayMs: 1, maxDelayMs: 1 } })
  t.teardown(() => client.close())
  await nextEvent(client, 'open')
  client.send('small')
  client.send('x'.repeat(2000))
  const number = client.messagesSent
  const events = queueEvents(client, 'error', 'reconnecting')
  t.match(await events.next(), {
    type: 'error',
    code: 'NWS_ERR_MESSAGE_TOO_LARGE',
    detail: { first: number, last: number }
  })
  t.match(await events.next(), { type: 'reconnecting', detail: { code: 1009 } })
})
