// Channels through real sockets: the envelope, binary frames, errors, limits, slow readers, churn.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { buildTestApp } from '../support/app.ts'
import { joinChannel, openSocket, type ChannelClient } from '../support/channel.ts'
import { seededRandom } from '../support/random.ts'

t.test('everybody who opens a name is in it together', async t => {
  const { url: address } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  const b = await joinChannel(t, address, 'room')
  const elsewhere = await joinChannel(t, address, 'Room')
  t.strictSame(await a.next(), { action: 'connect', source: a.id, target: b.id })
  t.strictSame(await b.next(), { action: 'connect', source: b.id, target: a.id })
  t.match(a.id, /^[A-Za-z0-9_-]{22}$/, 'an id of 128 bits')

  a.send({ action: 'broadcast', data: 'hello', source: 'forged' })
  t.strictSame(await b.next(), { action: 'broadcast', source: a.id, data: 'hello' })
  b.send({ action: 'message', target: a.id, data: { n: 1 } })
  t.strictSame(await a.next(), { action: 'message', source: b.id, target: a.id, data: { n: 1 } })
  a.send({ action: 'message', target: a.id, data: 'me' })
  t.strictSame(await a.next(), { action: 'message', source: a.id, target: a.id, data: 'me' }, 'to oneself')
  a.send({ action: 'status' })
  t.strictSame(await a.next(), { action: 'status', source: a.id, target: a.id })
  t.strictSame(await elsewhere.arrived(), [], 'names are case-sensitive')

  b.socket.close()
  t.strictSame(await a.next(), { action: 'disconnect', source: a.id, target: b.id })
  t.strictSame(await a.arrived(), [])
})

t.test('data is passed on as the text it came in', async t => {
  const { url: address } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  const b = await joinChannel(t, address, 'room')
  await b.next()
  for (const data of [
    '12345678901234567890',
    '1.0',
    '"\\u0041"',
    '[ 1 ,\n 2 ]',
    'null',
    'false',
    '"é😀"',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '"\\ud800"',
    '""'
  ]) {
    a.send(`{"action":"broadcast","data": ${data} }`)
    t.equal((await b.nextRaw()).text, `{"action":"broadcast","source":"${a.id}","data":${data}}`)
    a.send(`{"action":"message","target":"${b.id}","data":${data}}`)
    t.equal((await b.nextRaw()).text, `{"action":"message","source":"${a.id}","target":"${b.id}","data":${data}}`)
  }
  a.send('{"action":"broadcast"}')
  t.equal((await b.nextRaw()).text, `{"action":"broadcast","source":"${a.id}","data":""}`, 'no data is empty data')
})

t.test('every valid name works as a channel', async t => {
  const { url: address } = await buildTestApp(t)
  for (const name of [
    'console',
    'api',
    'local',
    'network',
    'broadcast',
    'control',
    'health',
    'lib',
    'index.html',
    'favicon.ico',
    '...',
    '.a',
    '-',
    '_',
    '+',
    '=',
    '*',
    'a'.repeat(255),
    'A-Za-z0-9+=*._-',
    '__proto__',
    'constructor'
  ]) {
    const a = await joinChannel(t, address, name)
    const b = await joinChannel(t, address, encodeURIComponent(name))
    t.equal((await a.next()).target, b.id, name.slice(0, 20))
    a.socket.terminate()
    b.socket.terminate()
  }
  const plus = await joinChannel(t, address, 'a+b')
  const encoded = await joinChannel(t, address, 'a%2Bb')
  t.equal((await plus.next()).target, encoded.id, 'percent-encoding is decoded first')
})

t.test('what cannot be done is answered, and the socket stays open', async t => {
  const { url: address } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  for (const [message, code] of [
    ['', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['null', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['[1]', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{"action":"broadcast","data":1}x', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"action":"connect","target":"x"}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"__proto__":{"action":"status"}}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"action":"message","data":1}', 'NWS_ERR_MESSAGE_TARGET'],
    ['{"action":"message","target":"nobody","data":1}', 'NWS_ERR_PEER_NOT_FOUND'],
    ['{"action":"message","target":"__proto__","data":1}', 'NWS_ERR_PEER_NOT_FOUND'],
    [`{"action":"broadcast","data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'NWS_ERR_MESSAGE_TOO_DEEP'],
    [Buffer.from([]), 'NWS_ERR_MESSAGE_BINARY'],
    [Buffer.from([4, 9, 1]), 'NWS_ERR_MESSAGE_BINARY']
  ] as const) {
    a.send(message)
    const answer = await a.next()
    t.match(answer, { action: 'error', code, message: String }, String(message).slice(0, 40))
    t.notMatch(JSON.stringify(answer), /nobody|room/, 'nothing of the message or the name is quoted')
  }
  t.equal(a.socket.readyState, WebSocket.OPEN)
})

t.test('binary frames reach those that take them, others get base64', async t => {
  const { url: address } = await buildTestApp(t)
  const sender = await joinChannel(t, address, 'room')
  const text = await joinChannel(t, address, 'room')
  const opted = await joinChannel(t, address, 'room?binary=1')
  const sent = await joinChannel(t, address, 'room')
  sent.send(Buffer.from([3, 0]))
  for (const client of [sender, text, opted, sent]) await client.arrived()
  const payload = Buffer.from([0, 255, 7])
  sender.send(Buffer.concat([Buffer.from([3, 0]), payload]))
  const expected = Buffer.concat([Buffer.from([3, sender.id.length]), Buffer.from(sender.id), payload])
  for (const client of [opted, sent]) {
    const { bytes, isBinary } = await client.nextRaw()
    t.ok(isBinary)
    t.strictSame(bytes, expected)
  }
  t.strictSame(await text.next(), {
    action: 'broadcast',
    source: sender.id,
    data: { $binary: payload.toString('base64') }
  })
  sender.send(Buffer.concat([Buffer.from([4, opted.id.length]), Buffer.from(opted.id), payload]))
  t.strictSame(
    (await opted.nextRaw()).bytes,
    Buffer.concat([Buffer.from([4, sender.id.length]), Buffer.from(sender.id), payload])
  )
  sender.send(Buffer.concat([Buffer.from([4, text.id.length]), Buffer.from(text.id), payload]))
  t.strictSame(await text.next(), {
    action: 'message',
    source: sender.id,
    target: text.id,
    data: { $binary: payload.toString('base64') }
  })
  text.send({ action: 'broadcast', data: 'plain' })
  t.strictSame(
    await opted.next(),
    { action: 'broadcast', source: text.id, data: 'plain' },
    'text stays text for everyone'
  )
})

t.test('a subprotocol is answered with the first that was offered', async t => {
  const { url: address } = await buildTestApp(t)
  const { socket } = await joinChannel(t, address, 'room', { protocols: ['second.example', 'first'] })
  t.equal(socket.protocol, 'second.example')
  t.equal((await joinChannel(t, address, 'room')).socket.protocol, '')
})

t.test('[R15] the largest message passes, one byte more closes with 1009', async t => {
  const { url: address } = await buildTestApp(t, { maxMessageBytes: 1000 })
  const a = await joinChannel(t, address, 'room')
  const b = await joinChannel(t, address, 'room')
  await b.next()
  const envelope = (length: number) => `{"action":"broadcast","data":"${'x'.repeat(length - 32)}"}`
  t.equal(envelope(1000).length, 1000)
  a.send(envelope(1000))
  t.equal((await b.next()).action, 'broadcast')
  a.send(envelope(1001))
  t.strictSame(await a.closed(), { code: 1009, reason: 'NWS_ERR_MESSAGE_TOO_LARGE' })
  t.equal((await b.next()).action, 'disconnect')
})

t.test('invalid UTF-8 closes with 1007', async t => {
  const { url: address } = await buildTestApp(t)
  const a = await joinChannel(t, address, 'room')
  a.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false })
  t.strictSame(await a.closed(), { code: 1007, reason: 'NWS_ERR_MESSAGE_NOT_UTF8' })
})

t.test('[R15] too many messages are refused and said so', async t => {
  const { url: address } = await buildTestApp(t, { maxMessagesPerSecond: 50 })
  const a = await joinChannel(t, address, 'room')
  const b = await joinChannel(t, address, 'room')
  await b.next()
  await a.next()
  for (let i = 0; i < 200; i++) a.send({ action: 'broadcast', data: i })
  t.equal((await a.next()).code, 'NWS_ERR_RATE_LIMITED')
  const accepted = await b.arrived()
  t.ok(accepted.length >= 49 && accepted.length < 100, `${accepted.length} of 200 were accepted`)
  t.ok(
    accepted.every(({ data }, index) => index === 0 || (data as number) > (accepted[index - 1]!.data as number)),
    'in order'
  )
  t.strictSame(
    accepted.slice(0, 49).map(({ data }) => data),
    Array.from({ length: 49 }, (_, index) => index),
    'the burst first'
  )
})

t.test('[R15] a stalled reader is closed with 4008, the others never notice', async t => {
  const { url: address } = await buildTestApp(t, { maxQueuedBytes: 1 << 20 })
  const sender = await joinChannel(t, address, 'room')
  const reader = await joinChannel(t, address, 'room')
  const stalled = await joinChannel(t, address, 'room')
  await reader.arrived()
  stalled.socket.pause()
  const data = 'x'.repeat(60_000)
  const received: number[] = []
  let gone = false
  let sent = 0
  while (!gone) {
    sender.send({ action: 'broadcast', data: `${sent}:${data}` })
    sent++
    const message = await reader.nextOf('broadcast')
    received.push(Number.parseInt(message.data as string, 10))
    const arrived = await reader.arrived()
    gone = arrived.some(({ action, target }) => action === 'disconnect' && target === stalled.id)
    t.ok(sent < 1000, 'the stalled peer is ended in time')
  }
  t.strictSame(
    received,
    Array.from({ length: sent }, (_, index) => index),
    'the reader got everything in order'
  )
  stalled.socket.resume()
  t.strictSame(await stalled.closed(), { code: 4008, reason: 'NWS_ERR_PEER_TOO_SLOW' })
})

t.test('unfinished messages count as queues, and the largest gives way', async t => {
  const { url: address } = await buildTestApp(t, {
    maxTotalQueuedBytes: 2 * 1024 * 1024,
    maxMessageBytes: 4 * 1024 * 1024
  })
  const clients = await Promise.all(Array.from({ length: 3 }, async () => await joinChannel(t, address, 'storm')))
  const innocent = await joinChannel(t, address, 'storm')
  const sizes = [600_000, 1_500_000, 700_000]
  for (const [place, size] of sizes.entries()) {
    // One frame that does not end, and one fragment of several.
    if (place === 0) clients[place]!.socket.send('x'.repeat(size), { fin: false })
    else {
      const head = Buffer.alloc(14)
      head[0] = 0x81
      head[1] = 0xff
      head.writeBigUInt64BE(BigInt(size + 1), 2)
      const { _socket: tcp } = clients[place]!.socket as unknown as { _socket: Socket }
      tcp.write(Buffer.concat([head, Buffer.alloc(size, 'x')]))
    }
  }
  await clients[1]!.closed()
  for (const place of [0, 2]) t.equal(clients[place]!.socket.readyState, 1, 'the others go on')
  clients[0]!.socket.send('y', { fin: true })
  innocent.send({ action: 'broadcast', data: 'still here' })
  t.match(await clients[2]!.nextOf('broadcast'), { data: 'still here' })
})

t.test('[R15] limits of an origin close with 1013 and say why', async t => {
  const { app, url: address } = await buildTestApp(t, {
    maxSocketsPerOrigin: 3,
    newChannelsPerOriginBurst: 2,
    maxPeersPerChannel: 4
  })
  const origin = 'http://page.example'
  await joinChannel(t, address, 'a', { origin })
  await joinChannel(t, address, 'b', { origin })
  const url = address.replace('http', 'ws')
  t.strictSame(await openSocket(t, `${url}/c`, { origin }).closed, { code: 1013, reason: 'NWS_ERR_TOO_MANY_CHANNELS' })
  const third = await joinChannel(t, address, 'a', { origin })
  t.strictSame(await openSocket(t, `${url}/a`, { origin }).closed, { code: 1013, reason: 'NWS_ERR_TOO_MANY_SOCKETS' })
  await joinChannel(t, address, 'c')
  await joinChannel(t, address, 'a')
  await joinChannel(t, address, 'a')
  const refused = openSocket(t, `${url}/a`)
  t.match(JSON.parse((await refused.take()).bytes.toString()), { action: 'error', code: 'NWS_ERR_CHANNEL_FULL' })
  t.strictSame(await refused.closed, { code: 1013, reason: 'NWS_ERR_CHANNEL_FULL' })
  const left = new Promise<void>(resolve => app.channelRegistry.addHook('leave', () => resolve()))
  third.socket.close()
  await Promise.all([third.closed(), left])
  while (app.channelSockets.size > 5) await new Promise(resolve => setImmediate(resolve))
  await joinChannel(t, address, 'a', { origin })
})

t.test('a silent peer is found dead, a living one is not', async t => {
  const { url: address } = await buildTestApp(t, { pingIntervalMs: 50, peerTimeoutMs: 1500 })
  const alive = await joinChannel(t, address, 'room')
  const { socket } = openSocket(t, `${address.replace('http', 'ws')}/room`, { autoPong: false })
  await once(socket, 'open')
  const { target } = await alive.nextOf('connect')
  t.strictSame(await alive.nextOf('disconnect'), { action: 'disconnect', source: alive.id, target })
  t.equal(alive.socket.readyState, WebSocket.OPEN)
})

/** Joins and leaves at random while others broadcast; every stayer must hear exactly the sent messages, in order. */
async function churn(t: Test, address: string, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const senders: ChannelClient[] = []
  for (let i = 0; i < 20; i++) senders.push(await joinChannel(t, address, 'churn'))
  const watcher = await joinChannel(t, address, 'churn')
  const rounds = 30
  const visitors = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      const visitor = await joinChannel(t, address, 'churn')
      const heard = await visitor.arrived()
      const last = new Map<unknown, number>()
      const present = new Set<unknown>()
      for (const { action, source, target, data } of heard) {
        if (action === 'connect') present.add(target)
        else if (action === 'disconnect') present.delete(target)
        else if (action === 'broadcast') {
          if (!present.has(source)) t.fail('nothing comes from a peer before its connect or after its disconnect')
          if ((last.get(source) ?? -1) >= (data as number)) t.fail('a sender is heard in order')
          last.set(source, data as number)
        }
      }
      if (random() < 0.5) visitor.socket.close()
      else visitor.socket.terminate()
      await visitor.closed()
    }
  }
  const talk = async (sender: ChannelClient): Promise<void> => {
    for (let i = 0; i < rounds; i++) {
      sender.send({ action: 'broadcast', data: i })
      await sender.arrived()
    }
  }
  await Promise.all([...Array.from({ length: 20 }, visitors), ...senders.map(talk)])
  const heard = await watcher.arrived()
  for (const sender of senders) {
    const numbers = heard
      .filter(({ action, source }) => action === 'broadcast' && source === sender.id)
      .map(({ data }) => data)
    if (numbers.length !== rounds || numbers.some((value, index) => value !== index))
      t.strictSame(
        numbers,
        Array.from({ length: rounds }, (_, index) => index)
      )
  }
  const connects = heard.filter(({ action }) => action === 'connect').map(({ target }) => target)
  t.equal(new Set(connects).size, connects.length, 'nobody comes twice')
  t.equal(connects.length, 20 + 200, 'each of 20 senders and 200 visitors came once')
}

t.test('200 peers come and go at random while 20 broadcast', async t => {
  const { app, url: address } = await buildTestApp(t)
  await churn(t, address, 7)
  const channel = app.channelRegistry.find('churn')!
  // The last visitors' ends are events of the server; the watcher hears of each.
  while (channel.localCount > 21)
    await new Promise<void>(resolve => app.channelRegistry.addHook('leave', () => resolve()))
  t.equal(channel.localCount, 21)
  t.equal(app.channelSockets.size, 21)
})

t.test('[R8] ids of peers are 128 random bits of the proxy', async t => {
  const { url } = await buildTestApp(t)
  const ids = new Set<string>()
  for (let n = 0; n < 20; n++) ids.add((await joinChannel(t, url, 'room')).id)
  t.equal(ids.size, 20)
  for (const id of ids) t.equal(Buffer.from(id, 'base64url').length, 16, id)
})

t.test('[R10] source is stamped by the proxy, whatever a client writes there', async t => {
  const { url } = await buildTestApp(t)
  const a = await joinChannel(t, url, 'room')
  const b = await joinChannel(t, url, 'room')
  a.send({ action: 'broadcast', source: b.id, data: 1 })
  t.match(await b.nextOf('broadcast'), { source: a.id, data: 1 })
  a.send({ action: 'message', source: 'forged', target: b.id, data: 2 })
  t.match(await b.nextOf('message'), { source: a.id, data: 2 })
})
