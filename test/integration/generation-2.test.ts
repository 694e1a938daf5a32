// The second generation over raw sockets: a data socket and a control socket with one id. Its rows of
// docs/COMPATIBILITY.md, one by one, and the duties of the pair of sockets towards the rest of the proxy.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { buildTestApp, request, UPGRADE } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'
import { joinNumbered, openRaw, parseControl, type NumberedClient } from '../support/generations.ts'

const connect = (you: string, other: string) => ({ Action: 'connect', Source: you, Target: other, Payload: '' })
const disconnect = (you: string, other: string) => ({ Action: 'disconnect', Source: you, Target: other, Payload: '' })

/** How a handshake is answered: 101, or why not. */
async function statusOf(t: Test, url: string, options: { origin?: string } = {}): Promise<number> {
  const { socket } = openSocket(t, url, options)
  const [answer] = (await Promise.race([
    once(socket, 'upgrade'),
    once(socket, 'unexpected-response').then(([, response]) => [response])
  ])) as [{ statusCode: number }]
  return answer.statusCode
}

t.test('data: raw text both ways, to all other data sockets, nothing of it to control', async t => {
  const { ws } = await buildTestApp(t)
  const a = await joinNumbered(t, ws, 'room', '11111111')
  const b = await joinNumbered(t, ws, 'room', '22222222')
  const c = await joinNumbered(t, ws, 'room', '33333333')
  const texts = ['hello', '', '{"Action":"message","Target":11111111}', 'é😀 "\\', 'x'.repeat(100_000)]
  for (const text of texts) a.data.send(text)
  for (const reader of [b, c])
    for (const [index, text] of texts.entries()) t.equal(await reader.data.next(), text, `text ${index}`)
  b.data.send('fence')
  t.equal(await a.data.next(), 'fence', 'the sender never gets its own')
  t.strictSame(await a.told(), [connect('11111111', '22222222'), connect('11111111', '33333333')])
  t.strictSame(await c.told(), [connect('33333333', '11111111'), connect('33333333', '22222222')])
})

t.test(
  'control: exactly four members with bare numbers; Source is the own id, Target the other, Payload empty',
  async t => {
    const { ws } = await buildTestApp(t)
    const a = await joinNumbered(t, ws, 'room', '11111111')
    const b = await joinNumbered(t, ws, 'room', '22222222')
    t.equal(await a.control.next(), '{"Action":"connect","Source":11111111,"Target":22222222,"Payload":""}')
    t.equal(await b.control.next(), '{"Action":"connect","Source":22222222,"Target":11111111,"Payload":""}')
    b.direct('11111111', 'hi')
    t.equal(await a.control.next(), '{"Action":"message","Source":22222222,"Target":11111111,"Payload":"hi"}')
    b.data.socket.close()
    t.equal(await a.control.next(), '{"Action":"disconnect","Source":11111111,"Target":22222222,"Payload":""}')
  }
)

t.test(
  'order: control is told of all that are there as they came, then of each that comes and goes, never of itself',
  async t => {
    const { ws } = await buildTestApp(t)
    const ids = ['10001', '10002', '10003', '10004']
    const clients: NumberedClient[] = []
    for (const id of ids) clients.push(await joinNumbered(t, ws, 'room', id))
    for (const [index, client] of clients.entries())
      t.strictSame(
        await client.told(),
        ids.filter(id => id !== ids[index]).map(id => connect(ids[index]!, id))
      )
    clients[1]!.data.socket.close()
    t.strictSame(await clients[3]!.nextControl(), disconnect('10004', '10002'))
    t.strictSame(await clients[0]!.nextControl(), disconnect('10001', '10002'))
  }
)

t.test('order: when data leaves, the proxy closes its control, before others are told', async t => {
  const { ws } = await buildTestApp(t)
  for (const leave of ['close', 'terminate'] as const) {
    const a = await joinNumbered(t, ws, leave, '11111111')
    const b = await joinNumbered(t, ws, leave, '22222222')
    t.strictSame(await a.nextControl(), connect('11111111', '22222222'))
    const order: string[] = []
    const closed = b.control.closed.then(end => {
      order.push('control closed')
      return end
    })
    const told = a.nextControl().then(message => {
      order.push(message.Action)
      return message
    })
    b.data.socket[leave]()
    t.strictSame(await closed, { code: 1000, reason: 'NWS_ERR_DATA_SOCKET_CLOSED' }, leave)
    t.strictSame(await told, disconnect('11111111', '22222222'), leave)
    t.ok(order.includes('control closed'))
    t.equal((await joinNumbered(t, ws, leave, '22222222')).id, '22222222', 'its id is free at once')
  }
})

t.test('message: to the first control of that id and to nobody else; Source is set by the proxy', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b, c] = [
    await joinNumbered(t, ws, 'room', '11111111'),
    await joinNumbered(t, ws, 'room', '22222222'),
    await joinNumbered(t, ws, 'room', '33333333')
  ]
  for (const client of [a, b, c]) await client.told()
  a.control.send('{"Action":"message","Source":33333333,"Target":22222222,"Payload":"to b"}')
  t.strictSame(await b.nextControl(), { Action: 'message', Source: '11111111', Target: '22222222', Payload: 'to b' })
  a.direct('11111111', 'to me')
  t.strictSame(await a.nextControl(), { Action: 'message', Source: '11111111', Target: '11111111', Payload: 'to me' })
  t.strictSame(await c.told(), [])
  c.data.send('fence')
  t.equal(await b.data.next(), 'fence', 'and nothing on data')
})

t.test('message: keys in any case, a target as a string, a payload of any kind', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await joinNumbered(t, ws, 'room', '11111111'), await joinNumbered(t, ws, 'room', '22222222')]
  await b.told()
  for (const [text, payload] of [
    ['{"action":"message","target":22222222,"payload":"x"}', '"x"'],
    ['{"ACTION":"message","TARGET":"22222222","PAYLOAD":"x"}', '"x"'],
    ['{"action":"message","target":"22222222","data":"x"}', '"x"'],
    ['{"Action":"message","Target":22222222,"Payload":{"a": 1.0}}', '{"a": 1.0}'],
    ['{"Action":"message","Target":22222222,"Payload":12345678901234567890}', '12345678901234567890'],
    ['{"Action":"message","Target":22222222,"Payload":null}', 'null'],
    ['{"Action":"message","Target":22222222}', '""']
  ] as const) {
    a.control.send(text)
    t.equal(
      await b.control.next(),
      `{"Action":"message","Source":11111111,"Target":22222222,"Payload":${payload}}`,
      text
    )
  }
})

t.test('message: unknown targets, other actions and what is no JSON are passed over, and the socket stays', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await joinNumbered(t, ws, 'room', '11111111'), await joinNumbered(t, ws, 'room', '22222222')]
  await a.told()
  await b.told()
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    'x',
    '{"Action":"message","Target":99999999,"Payload":"x"}',
    '{"Action":"message","Target":"b","Payload":"x"}',
    '{"Action":"message","Payload":"x"}',
    '{"Action":"connect","Target":22222222}',
    '{"Action":"disconnect","Target":22222222}',
    '{"Action":"broadcast","Target":22222222,"Payload":"x"}',
    `{"Action":"message","Target":22222222,"Payload":${'['.repeat(200)}${']'.repeat(200)}}`
  ])
    a.control.send(text)
  a.control.send(Buffer.from('{"Action":"message","Target":22222222,"Payload":"x"}'))
  t.strictSame(await a.told(), [])
  t.strictSame(await b.told(), [])
  t.equal(a.control.socket.readyState, a.control.socket.OPEN)
})

t.test('id: kept as decimal text, also beyond 2^53', async t => {
  const { ws } = await buildTestApp(t)
  const big = '9007199254740993'
  const a = await joinNumbered(t, ws, 'room', big)
  const b = await joinNumbered(t, ws, 'room', '9007199254740992')
  t.strictSame(await b.nextControl(), connect('9007199254740992', big), 'not rounded')
  b.direct(big, 'x')
  await a.nextControl()
  t.strictSame(await a.nextControl(), { Action: 'message', Source: '9007199254740992', Target: big, Payload: 'x' })
  const c = await joinNumbered(t, ws, 'room', '0042')
  t.strictSame(
    [await c.nextControl(), await c.nextControl()],
    [connect('42', big), connect('42', '9007199254740992')],
    'a JSON number has no leading zeros'
  )
  t.equal(await statusOf(t, `${ws}/network/room/000042`), 409, 'which makes no other id')
})

t.test('id: what is no id, and channels with a slash, are refused with 404; the order of checks', async t => {
  const { port } = await buildTestApp(t)
  for (const base of ['network', 'control/network', 'local', 'broadcast', 'control/local', 'control/broadcast']) {
    for (const [name, status, code, method, path, headers] of [
      ['a foreign Host comes first', 403, 'NWS_ERR_HOST_NOT_ALLOWED', 'POST', '%20/1', { Host: 'other.example' }],
      ['then the method', 405, 'NWS_ERR_METHOD_NOT_ALLOWED', 'POST', '%20/1', {}],
      ['then the name', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', '%20/1', {}],
      ['then the id', 404, 'NWS_ERR_PEER_NUMBER', 'GET', 'room/123', {}],
      ['then the upgrade', 426, 'NWS_ERR_UPGRADE_REQUIRED', 'GET', 'room/1234', {}],
      ['three digits', 404, 'NWS_ERR_PEER_NUMBER', 'GET', 'room/123', UPGRADE],
      ['letters', 404, 'NWS_ERR_PEER_NUMBER', 'GET', 'room/12ab', UPGRADE],
      ['no digits', 404, 'NWS_ERR_PEER_NUMBER', 'GET', 'room/', UPGRADE],
      ['a sign', 404, 'NWS_ERR_PEER_NUMBER', 'GET', 'room/-1234', UPGRADE],
      ['20 digits', 404, 'NWS_ERR_PEER_NUMBER', 'GET', `room/${'1'.repeat(20)}`, UPGRADE],
      ['a channel with a slash', 404, 'NWS_ERR_UPGRADE_REFUSED', 'GET', 'a/b/1234', UPGRADE],
      ['a channel with an encoded slash', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', 'a%2Fb/1234', UPGRADE],
      ['no channel', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', '/1234', UPGRADE],
      [
        'an old version',
        400,
        'NWS_ERR_REQUEST_MALFORMED',
        'GET',
        'room/1234',
        { ...UPGRADE, 'Sec-WebSocket-Version': '8' }
      ]
    ] as const) {
      const answer = await request(port, method, `/${base}/${path}`, headers)
      t.match({ status: answer.status, code: answer.json?.code }, { status, code }, `${base}: ${name}`)
    }
  }
  t.equal((await request(port, 'GET', '/control/network/room', UPGRADE)).status, 404, 'control without an id')
  t.equal((await request(port, 'GET', '/network/room', UPGRADE)).status, 404, 'data without an id')
  t.equal((await request(port, 'GET', '/control/other/room/1234', UPGRADE)).status, 404)
})

t.test('channel: all characters of a name, and percent-encoding is decoded first', async t => {
  const { ws } = await buildTestApp(t)
  const a = await joinNumbered(t, ws, 'A-Za-z0-9+=*._-', '11111111')
  const b = await joinNumbered(t, ws, encodeURIComponent('A-Za-z0-9+=*._-'), '22222222')
  t.strictSame(await a.nextControl(), connect('11111111', '22222222'))
  t.strictSame(await b.nextControl(), connect('22222222', '11111111'))
})

t.test('control only or first: told of others meanwhile, seen by nobody until its data comes', async t => {
  const { app, ws } = await buildTestApp(t)
  const a = await joinNumbered(t, ws, 'room', '11111111')
  const control = await openRaw(t, ws, 'control/network/room/22222222')
  const empty = await openRaw(t, ws, 'control/network/empty/22222222')
  t.strictSame(parseControl(await control.next()), connect('22222222', '11111111'))
  const c = await joinNumbered(t, ws, 'room', '33333333')
  t.strictSame(parseControl(await control.next()), connect('22222222', '33333333'))
  c.data.socket.close()
  t.strictSame(parseControl(await control.next()), disconnect('22222222', '33333333'))
  const first = await joinNumbered(t, ws, 'empty', '44444444')
  t.strictSame(parseControl(await empty.next()), connect('22222222', '44444444'), 'also in a channel that opens later')
  t.strictSame(await first.told(), [])
  t.strictSame(
    (await a.told()).map(({ Target }) => Target),
    ['33333333', '33333333'],
    'not seen itself'
  )
  t.equal(app.channelRegistry.find('room')!.localCount, 1)
  const data = await openRaw(t, ws, 'network/room/22222222')
  t.strictSame(await a.nextControl(), connect('11111111', '22222222'))
  data.send('now')
  t.equal(await a.data.next(), 'now')
  a.direct('22222222', 'x')
  t.strictSame(
    parseControl(await control.next()),
    { Action: 'message', Source: '11111111', Target: '22222222', Payload: 'x' },
    'and is told of nobody twice'
  )
})

t.test('control only: a channel is not opened, nor is a channel kept open', async t => {
  const { app, ws } = await buildTestApp(t)
  const control = await openRaw(t, ws, 'control/network/room/22222222')
  t.strictSame(app.channelRegistry.channels(), [])
  const a = await joinNumbered(t, ws, 'room', '11111111')
  t.strictSame(parseControl(await control.next()), connect('22222222', '11111111'))
  a.data.socket.close()
  t.strictSame(parseControl(await control.next()), disconnect('22222222', '11111111'))
  t.strictSame(app.channelRegistry.channels(), [])
})

t.test('control first: what it sends before its data socket is there is kept, up to 64 KiB', async t => {
  const { ws } = await buildTestApp(t)
  const a = await joinNumbered(t, ws, 'room', '11111111')
  const control = await openRaw(t, ws, 'control/network/room/22222222')
  control.send('{"Action":"message","Target":11111111,"Payload":"early"}')
  await openRaw(t, ws, 'network/room/22222222')
  t.strictSame(await a.nextControl(), connect('11111111', '22222222'))
  t.strictSame(await a.nextControl(), { Action: 'message', Source: '22222222', Target: '11111111', Payload: 'early' })
  const greedy = await openRaw(t, ws, 'control/network/room/33333333')
  greedy.send('x'.repeat(65_537))
  t.strictSame(await greedy.closed, { code: 1009, reason: 'NWS_ERR_JOIN_TOO_MUCH_EARLY_DATA' })
})

t.test('control first: without its data socket it is ended after a while, and its id is free', async t => {
  const { ws } = await buildTestApp(t, { legacyPairTimeoutMs: 1000 })
  const control = await openRaw(t, ws, 'control/network/room/11111111')
  t.strictSame(await control.closed, { code: 4010, reason: 'NWS_ERR_DATA_SOCKET_MISSING' })
  const again = await joinNumbered(t, ws, 'room', '11111111', { origin: 'https://page.example' })
  t.strictSame(await again.told(), [])
})

t.test('data first: direct messages wait for the control socket', async t => {
  const { ws } = await buildTestApp(t)
  const envelope = await joinChannel(t, ws, 'room')
  const data = await openRaw(t, ws, 'network/room/22222222')
  const { target } = await envelope.nextOf('connect')
  const send = (text: string): void => envelope.send({ action: 'message', target, data: text })
  send('at once')
  t.strictSame(await envelope.arrived(), [])
  const control = await openRaw(t, ws, 'control/network/room/22222222')
  const told = parseControl(await control.next())
  t.equal(told.Action, 'connect', 'first who is there')
  t.strictSame(parseControl(await control.next()), {
    Action: 'message',
    Source: told.Target,
    Target: '22222222',
    Payload: 'at once'
  })
  control.socket.close()
  await control.closed
  send('to nobody')
  t.equal(
    (await envelope.next()).code,
    'NWS_ERR_PEER_TAKES_NO_MESSAGES',
    'a control socket that was there is not waited for'
  )
  t.equal(data.socket.readyState, data.socket.OPEN)

  await openRaw(t, ws, 'network/room/44444444')
  const { target: much } = await envelope.nextOf('connect')
  envelope.send({ action: 'message', target: much, data: 'x'.repeat(65_536) })
  t.equal((await envelope.next()).code, 'NWS_ERR_PEER_TAKES_NO_MESSAGES', 'but not with more than 64 KiB')
  for (let i = 0; i < 2000; i++) envelope.send({ action: 'message', target: much, data: '' })
  const refused = (await envelope.arrived()).length
  t.ok(refused > 900 && refused < 2000, `nor any number of empty ones: ${refused} of 2000 are refused`)
})

t.test('data first: direct messages do not wait for ever', async t => {
  const { ws } = await buildTestApp(t, { legacyPairTimeoutMs: 20 })
  const envelope = await joinChannel(t, ws, 'room')
  await openRaw(t, ws, 'network/room/33333333')
  const { target: never } = await envelope.nextOf('connect')
  for (;;) {
    envelope.send({ action: 'message', target: never, data: 'x' })
    const [answer] = await envelope.arrived()
    if (answer === undefined) continue
    t.equal(answer.code, 'NWS_ERR_PEER_TAKES_NO_MESSAGES', 'a control socket that never comes')
    break
  }
})

t.test('data first: messages of those who have gone meanwhile are dropped', async t => {
  const { ws } = await buildTestApp(t)
  const data = await openRaw(t, ws, 'network/room/22222222')
  const gone = await joinChannel(t, ws, 'room')
  const stays = await joinChannel(t, ws, 'room')
  const { target } = await gone.nextOf('connect')
  for (const peer of [gone, stays]) {
    peer.send({ action: 'message', target, data: 'x' })
    await peer.arrived()
  }
  gone.socket.close()
  t.equal((await stays.nextOf('disconnect'))['target'], gone.id)
  const control = await openRaw(t, ws, 'control/network/room/22222222')
  const { Target: number } = parseControl(await control.next())
  t.strictSame(parseControl(await control.next()), {
    Action: 'message',
    Source: number,
    Target: '22222222',
    Payload: 'x'
  })
  data.socket.close()
  t.match(await control.closed, { code: 1000 }, 'and nothing else came')
})

t.test('control closes alone: nobody is told, the peer stays, and it may have another one', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await joinNumbered(t, ws, 'room', '11111111'), await joinNumbered(t, ws, 'room', '22222222')]
  await a.told()
  b.control.socket.close()
  await b.control.closed
  b.data.send('still here')
  t.equal(await a.data.next(), 'still here')
  t.strictSame(await a.told(), [])
  const again = await openRaw(t, ws, 'control/network/room/22222222')
  t.strictSame(parseControl(await again.next()), connect('22222222', '11111111'))
  a.direct('22222222', 'x')
  t.equal(parseControl(await again.next()).Payload, 'x')
})

t.test(
  'same id twice: the second socket of a kind is refused with 409, in the same channel and scope only',
  async t => {
    const { ws } = await buildTestApp(t)
    await openRaw(t, ws, 'control/network/room/11111111')
    t.equal(await statusOf(t, `${ws}/control/network/room/11111111`), 409, 'control before data')
    await openRaw(t, ws, 'network/room/11111111')
    t.equal(await statusOf(t, `${ws}/network/room/11111111`), 409)
    t.equal(await statusOf(t, `${ws}/control/network/room/11111111`), 409)
    t.equal(await statusOf(t, `${ws}/broadcast/room/11111111`), 409, 'which is the same channel')
    t.equal(await statusOf(t, `${ws}/local/room/11111111`), 101)
    t.equal(await statusOf(t, `${ws}/network/Room/11111111`), 101)
  }
)

t.test('both sockets belong to one origin: the other one is refused with 403', async t => {
  const { ws } = await buildTestApp(t)
  const mine = { origin: 'https://mine.example' }
  const other = { origin: 'https://other.example' }
  await openRaw(t, ws, 'network/room/11111111', mine)
  t.equal(await statusOf(t, `${ws}/control/network/room/11111111`, other), 403)
  t.equal(await statusOf(t, `${ws}/control/network/room/11111111`), 403, 'also without an origin')
  await openRaw(t, ws, 'control/network/room/11111111', mine)
  await openRaw(t, ws, 'control/network/room/22222222', mine)
  t.equal(await statusOf(t, `${ws}/network/room/22222222`, other), 403)
  await openRaw(t, ws, 'network/room/22222222', mine)
  await openRaw(t, ws, 'control/network/room/33333333')
  t.equal(await statusOf(t, `${ws}/network/room/33333333`, mine), 403)
})

t.test('either order of the two sockets, 100 times each, also at the same moment', async t => {
  const { app, ws } = await buildTestApp(t)
  const watcher = await joinNumbered(t, ws, 'room', '9999')
  for (const first of ['data', 'control'] as const) {
    for (let i = 0; i < 100; i++) {
      const id = String((first === 'data' ? 10_000 : 20_000) + i)
      const client = await joinNumbered(t, ws, 'room', id, { first })
      const told = await client.told()
      client.data.send('hello')
      client.direct('9999', 'direct')
      const seen = [await watcher.nextControl(), await watcher.nextControl()]
      const heard = await watcher.data.next()
      client.data.socket.close()
      const end = await client.control.closed
      const last = await watcher.nextControl()
      if (
        told.length !== 1 ||
        told[0]!.Target !== '9999' ||
        seen[0]!.Target !== id ||
        seen[1]!.Payload !== 'direct' ||
        seen[1]!.Source !== id ||
        heard !== 'hello' ||
        end.code !== 1000 ||
        last.Action !== 'disconnect'
      ) {
        t.strictSame({ told, seen, heard, end, last }, {}, `${first} first, ${i}`)
      }
    }
  }
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const id = String(30_000 + i)
      const [data, control] = await Promise.all([
        openRaw(t, ws, `network/crowd/${id}`),
        openRaw(t, ws, `control/network/crowd/${id}`)
      ])
      const known = new Set<string>()
      while (known.size < 99) {
        const { Action, Source, Target } = parseControl(await control.next())
        if (Action !== 'connect' || Source !== id || Target === id || known.has(Target))
          t.fail(`${Action} ${Source} ${Target}`)
        known.add(Target)
      }
      data.send(id)
    })
  )
  t.equal(app.channelRegistry.find('crowd')!.localCount, 100)
  t.equal(app.channelRegistry.find('room')!.localCount, 1)
})

t.test('the first subprotocol is echoed on data; control, which asks for none, has none', async t => {
  const { ws } = await buildTestApp(t)
  const client = await joinNumbered(t, ws, 'room', '11111111', { protocols: ['second.example', 'first'] })
  t.equal(client.data.socket.protocol, 'second.example')
  t.equal(client.control.socket.protocol, '')
})

t.test('binary data reaches others as the JSON text that stands for it', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await joinNumbered(t, ws, 'room', '11111111'), await joinNumbered(t, ws, 'room', '22222222')]
  a.data.send(Buffer.from([0, 255]))
  t.equal(await b.data.next(), '{"$binary":"AP8="}')
})

t.test('both sockets are pinged; a data socket that is silent takes its control with it', async t => {
  const { ws } = await buildTestApp(t, { pingIntervalMs: 50, peerTimeoutMs: 1500 })
  const { socket } = openSocket(t, `${ws}/network/room/11111111`, { autoPong: false })
  await once(socket, 'open')
  const control = await openRaw(t, ws, 'control/network/room/11111111')
  await once(control.socket, 'ping')
  t.strictSame(await control.closed, { code: 4009, reason: 'NWS_ERR_PEER_SILENT' })
})

t.test('too large a message closes with 1009, and on data the control after it', async t => {
  const { ws } = await buildTestApp(t, { maxMessageBytes: 1000 })
  const a = await joinNumbered(t, ws, 'room', '11111111')
  a.control.send('x'.repeat(1001))
  t.match(await a.control.closed, { code: 1009 })
  const again = await openRaw(t, ws, 'control/network/room/11111111')
  a.data.send('x'.repeat(1001))
  t.match(await a.data.closed, { code: 1009 })
  t.match(await again.closed, { code: 1000 })
})

t.test('shutting down is said on both sockets', async t => {
  const { app, ws } = await buildTestApp(t)
  const a = await joinNumbered(t, ws, 'room', '11111111')
  const waiting = await openRaw(t, ws, 'control/network/room/22222222')
  await app.close()
  for (const { closed } of [a.data, a.control, waiting])
    t.strictSame(await closed, { code: 1001, reason: 'NWS_ERR_SHUTTING_DOWN' })
})

t.test('where extensions decide who may join, control is told of nobody before, and refused with its data', async t => {
  const { app, ws } = await buildTestApp(t)
  const resident = await joinChannel(t, ws, 'room')
  let decide: (error?: Error) => void = () => {}
  let asked: () => void = () => {}
  app.channelRegistry.addHook('join', async ({ dialect }) => {
    t.equal(dialect, 'numbered')
    asked()
    await new Promise<void>((resolve, reject) => {
      decide = error => (error === undefined ? resolve() : reject(error))
    })
  })
  const control = await openRaw(t, ws, 'control/network/room/11111111')
  const question = new Promise<void>(resolve => {
    asked = resolve
  })
  const data = openSocket(t, `${ws}/network/room/11111111`)
  await question
  decide(Object.assign(new Error('no'), { code: 'NOT_YOU' }))
  t.strictSame(await data.closed, { code: 4503, reason: 'NOT_YOU' })
  t.match(await control.closed, { code: 1000 })
  t.strictSame(await resident.arrived(), [])

  const second = new Promise<void>(resolve => {
    asked = resolve
  })
  const data2 = await openRaw(t, ws, 'network/room/11111111')
  const control2 = await openRaw(t, ws, 'control/network/room/11111111')
  await second
  decide()
  t.equal(parseControl(await control2.next()).Action, 'connect')
  data2.send('x')
  t.match(await resident.nextOf('broadcast'), { data: 'x' })
})

t.test('a control socket counts among those of its origin', async t => {
  const { ws } = await buildTestApp(t, { maxSocketsPerOrigin: 3 })
  const origin = 'https://page.example'
  const a = await joinNumbered(t, ws, 'room', '11111111', { origin })
  await openRaw(t, ws, 'control/network/room/22222222', { origin })
  t.strictSame(await openSocket(t, `${ws}/control/network/room/33333333`, { origin }).closed, {
    code: 1013,
    reason: 'NWS_ERR_TOO_MANY_SOCKETS'
  })
  t.strictSame(await openSocket(t, `${ws}/network/room/22222222`, { origin }).closed, {
    code: 1013,
    reason: 'NWS_ERR_TOO_MANY_SOCKETS'
  })
  a.data.socket.close()
  await a.control.closed
  await joinNumbered(t, ws, 'room', '33333333', { origin })
})

t.test('the addresses with ids under /local/ and /broadcast/ speak the same way', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [
    await joinNumbered(t, ws, 'room', '11111111', { base: 'local' }),
    await joinNumbered(t, ws, 'room', '22222222', { base: 'local', first: 'control' })
  ]
  const [c, d] = [
    await joinNumbered(t, ws, 'room', '33333333', { base: 'broadcast' }),
    await joinNumbered(t, ws, 'room', '44444444')
  ]
  t.strictSame(await a.told(), [connect('11111111', '22222222')])
  t.strictSame(await c.told(), [connect('33333333', '44444444')])
  b.data.send('local')
  t.equal(await a.data.next(), 'local')
  d.data.send('broadcast')
  t.equal(await c.data.next(), 'broadcast')
})

t.test('a socket that has yet to prove the token has no seat, and is not told who has', async t => {
  const token = 'a-token-of-some-length'
  const { app, ws } = await buildTestApp(t, { apiToken: token, authTimeoutMs: 10_000 })
  app.accessGuard.mustAuthenticate = () => true // As for clients of other machines.
  const proof = JSON.stringify({ action: 'auth', token })
  const idle = await openRaw(t, ws, 'control/network/room/11111111')
  const control = await openRaw(t, ws, 'control/network/room/11111111')
  control.send(proof)
  const data = await openRaw(t, ws, 'network/room/11111111')
  data.send(proof)
  control.send('{"Action":"message","Target":11111111,"Payload":"to me"}')
  t.strictSame(parseControl(await control.next()), {
    Action: 'message',
    Source: '11111111',
    Target: '11111111',
    Payload: 'to me'
  })
  idle.send(proof)
  t.strictSame(await idle.closed, { code: 4509, reason: 'NWS_ERR_PEER_NUMBER_TAKEN' })
  const foreign = await openRaw(t, ws, 'network/room/11111111', { origin: 'https://page.example' })
  foreign.send(proof)
  t.strictSame(await foreign.closed, { code: 4504, reason: 'NWS_ERR_PEER_NUMBER_ORIGIN' })
  const wrong = await openRaw(t, ws, 'network/room/22222222')
  wrong.send('hello')
  t.match(await wrong.closed, { code: 4501 })
})
