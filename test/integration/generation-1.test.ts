// The first generation over raw sockets: /local/<name> and /broadcast/<name>, raw frames, markers only if they are
// switched on. Its rows of docs/COMPATIBILITY.md, one by one.
import { once } from 'node:events'
import t from 'tap'
import { buildTestApp, request, UPGRADE } from '../support/app.ts'
import { joinChannel, openSocket } from '../support/channel.ts'
import { joinNumbered, openRaw } from '../support/generations.ts'

for (const reach of ['local', 'broadcast']) {
  t.test(`${reach}: frames go unchanged to every other connection of the name, also empty ones, in order`, async t => {
    const { ws } = await buildTestApp(t)
    const [a, b, c] = [
      await openRaw(t, ws, `${reach}/room`),
      await openRaw(t, ws, `${reach}/room`),
      await openRaw(t, ws, `${reach}/room`)
    ]
    const texts = [
      'hello',
      '',
      '____hello',
      '____welcome',
      '____goodbye',
      '{"a": 1.0 }',
      '"quoted"',
      'back\\slash',
      'line\nbreak\t\u0000',
      'é😀\u2028',
      ' ',
      'null',
      'x'.repeat(70_000),
      '"'.repeat(70_000)
    ]
    for (const text of texts) a.send(text)
    for (const reader of [b, c])
      for (const [index, text] of texts.entries()) t.equal(await reader.next(), text, `text ${index}`)
    b.send('fence')
    t.equal(await a.next(), 'fence', 'the sender never gets its own')
    t.equal(await c.next(), 'fence')
  })

  t.test(`${reach}: nobody is told of joining and leaving`, async t => {
    const { ws } = await buildTestApp(t)
    const a = await openRaw(t, ws, `${reach}/room`)
    const b = await openRaw(t, ws, `${reach}/room`)
    const c = await openRaw(t, ws, `${reach}/room`)
    c.socket.close()
    await c.closed
    b.send('fence')
    t.equal(await a.next(), 'fence')
    a.send('fence')
    t.equal(await b.next(), 'fence')
  })

  t.test(`${reach}: binary frames are relayed as binary frames`, async t => {
    const { ws } = await buildTestApp(t)
    const [a, b] = [await openRaw(t, ws, `${reach}/room`), await openRaw(t, ws, `${reach}/room`)]
    for (const bytes of [Buffer.from([0, 255, 7]), Buffer.alloc(0), Buffer.alloc(70_000, 0xff)]) {
      a.send(bytes)
      t.strictSame(await b.next(), bytes)
    }
  })

  t.test(`${reach}: with markers, each side of a meeting gets one, and each that stays one for a leaver`, async t => {
    const { ws } = await buildTestApp(t, { legacyMarkers: true })
    const a = await openRaw(t, ws, `${reach}/room`)
    const b = await openRaw(t, ws, `${reach}/room`)
    const c = await openRaw(t, ws, `${reach}/room`)
    t.strictSame([await a.next(), await a.next()], ['____connect', '____connect'])
    t.strictSame([await b.next(), await b.next()], ['____connect', '____connect'])
    t.strictSame([await c.next(), await c.next()], ['____connect', '____connect'])
    c.socket.close()
    t.equal(await a.next(), '____disconnect')
    t.equal(await b.next(), '____disconnect')
    a.send('fence')
    t.equal(await b.next(), 'fence', 'and nothing else')
  })

  t.test(`${reach}: the first subprotocol that is offered is echoed, whatever it is`, async t => {
    const { ws, port } = await buildTestApp(t)
    t.equal(
      (await openRaw(t, ws, `${reach}/room`, { protocols: ['second.example', 'first'] })).socket.protocol,
      'second.example'
    )
    t.equal((await openRaw(t, ws, `${reach}/room`)).socket.protocol, '')
    const { socket } = openSocket(t, `ws://localhost:${port}/${reach}/room`)
    const [response] = (await once(socket, 'upgrade')) as [{ headers: Record<string, string> }]
    t.notOk('sec-websocket-protocol' in response.headers, 'no header where none is offered')
  })

  t.test(`${reach}: names have dots and all else that a channel's name has`, async t => {
    const { ws } = await buildTestApp(t)
    for (const name of ['a.b', 'A-Za-z0-9_-', 'a'.repeat(255), 'local', 'broadcast', '1234']) {
      const [a, b] = [
        await openRaw(t, ws, `${reach}/${name}`),
        await openRaw(t, ws, `${reach}/${encodeURIComponent(name)}`)
      ]
      a.send('x')
      t.equal(await b.next(), 'x', name.slice(0, 20))
    }
    const [plus, encoded] = [await openRaw(t, ws, `${reach}/a+b`), await openRaw(t, ws, `${reach}/a%2Bb`)]
    plus.send('x')
    t.equal(await encoded.next(), 'x', 'percent-encoding is decoded first')
  })

  t.test(`${reach}: what cannot be a name, a method or a handshake is refused before any upgrade`, async t => {
    const { port } = await buildTestApp(t)
    for (const [name, status, code, method, path, headers] of [
      [
        'a foreign Host comes first',
        403,
        'NWS_ERR_HOST_NOT_ALLOWED',
        'POST',
        `/${reach}/%20`,
        { Host: 'other.example' }
      ],
      ['another method', 405, 'NWS_ERR_METHOD_NOT_ALLOWED', 'POST', `/${reach}/room`, {}],
      ['another method before the name', 405, 'NWS_ERR_METHOD_NOT_ALLOWED', 'OPTIONS', `/${reach}/%20`, {}],
      ['a bad name', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', `/${reach}/%20`, UPGRADE],
      ['a bad name without upgrade', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', `/${reach}/a%2Fb`, {}],
      ['a name with a slash', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', `/${reach}/a%2Fb`, UPGRADE],
      ['no name', 404, 'NWS_ERR_CHANNEL_NAME', 'GET', `/${reach}/`, UPGRADE],
      ['a second segment that is no id', 404, 'NWS_ERR_PEER_NUMBER', 'GET', `/${reach}/a/b`, UPGRADE],
      ['a third segment', 404, 'NWS_ERR_UPGRADE_REFUSED', 'GET', `/${reach}/a/1234/b`, UPGRADE],
      ['no upgrade', 426, 'NWS_ERR_UPGRADE_REQUIRED', 'GET', `/${reach}/room`, {}],
      [
        'an old version',
        400,
        'NWS_ERR_REQUEST_MALFORMED',
        'GET',
        `/${reach}/room`,
        { ...UPGRADE, 'Sec-WebSocket-Version': '8' }
      ]
    ] as const) {
      const answer = await request(port, method, path, headers)
      t.match({ status: answer.status, code: answer.json?.code }, { status, code }, name)
    }
  })

  t.test(`${reach}: 1 MiB passes, one byte more closes with 1009`, async t => {
    const { ws } = await buildTestApp(t)
    const [a, b] = [await openRaw(t, ws, `${reach}/room`), await openRaw(t, ws, `${reach}/room`)]
    a.send('x'.repeat(1 << 20))
    t.equal((await b.next()).length, 1 << 20)
    a.send('x'.repeat((1 << 20) + 1))
    t.match(await a.closed, { code: 1009 })
  })

  t.test(`${reach}: a close is answered, without a code where there was none`, async t => {
    const { ws } = await buildTestApp(t)
    const a = await openRaw(t, ws, `${reach}/room`)
    a.socket.close()
    t.strictSame(await a.closed, { code: 1005, reason: '' })
    const b = await openRaw(t, ws, `${reach}/room`)
    b.socket.close(3000, 'bye')
    t.match(await b.closed, { code: 3000 })
  })

  t.test(`${reach}: a socket is pinged, and lives by its answers`, async t => {
    const { ws } = await buildTestApp(t, { pingIntervalMs: 50, peerTimeoutMs: 1500 })
    const alive = await openRaw(t, ws, `${reach}/room`)
    await once(alive.socket, 'ping')
    const { socket, closed } = openSocket(t, `${ws}/${reach}/room`, { autoPong: false })
    await once(socket, 'open')
    t.not((await closed).code, 1005, 'a silent one is ended')
    t.equal(alive.socket.readyState, alive.socket.OPEN)
  })

  t.test(`${reach}: any Origin may join, and none`, async t => {
    const { ws } = await buildTestApp(t)
    const a = await openRaw(t, ws, `${reach}/room`)
    for (const origin of ['https://page.example', 'null', 'http://localhost:1']) {
      ;(await openRaw(t, ws, `${reach}/room`, { origin })).send(origin)
      t.equal(await a.next(), origin)
    }
  })
}

t.test('local and broadcast of one name are separate', async t => {
  const { ws } = await buildTestApp(t)
  const [local, shared] = [await openRaw(t, ws, 'local/room'), await openRaw(t, ws, 'broadcast/room')]
  const [local2, shared2] = [await openRaw(t, ws, 'local/room'), await openRaw(t, ws, 'broadcast/room')]
  local.send('to local')
  shared.send('to all')
  t.equal(await local2.next(), 'to local')
  t.equal(await shared2.next(), 'to all')
})

t.test('carriers of remote peers are never told of /local/', async t => {
  const { app, ws } = await buildTestApp(t)
  const calls: string[] = []
  app.channelRegistry.hub.attach({
    name: 'spy',
    channelOpened: ({ name }) => calls.push(`open ${name}`),
    channelClosed: () => calls.push('close'),
    localJoined: () => calls.push('join'),
    localLeft: () => calls.push('leave'),
    broadcast: () => {
      calls.push('broadcast')
      return { peers: 0, missed: 0 }
    },
    message: () => false
  })
  const [a, b] = [await openRaw(t, ws, 'local/mine'), await openRaw(t, ws, 'local/mine')]
  a.send('secret')
  t.equal(await b.next(), 'secret')
  await joinNumbered(t, ws, 'mine', '12345678', { base: 'local' })
  t.strictSame(calls, [])
  const [c, d] = [await openRaw(t, ws, 'broadcast/mine'), await openRaw(t, ws, 'broadcast/mine')]
  c.send('shared')
  t.equal(await d.next(), 'shared')
  t.strictSame(calls, ['open mine', 'join', 'join', 'broadcast'])
  const [channel] = app.channelRegistry.channels().filter(({ scope }) => scope === 'local')
  t.match(channel, { name: 'mine', localCount: 3 })
})

t.test('the start page says that the proxy is running and links the console', async t => {
  const { port } = await buildTestApp(t)
  for (const path of ['/', '/console']) {
    const { status, headers, body } = await request(port, 'GET', path)
    t.equal(status, 200, path)
    t.match(headers['content-type'], /^text\/html/, path)
    t.match(body, /running/, path)
    t.match(body, /<a [^>]*href="\/console"/, path)
  }
})

t.test('names that only look like the addresses are ordinary channels', async t => {
  const { ws } = await buildTestApp(t)
  for (const name of ['local', 'broadcast', 'network', 'control', 'console']) {
    const [a, b] = [await joinChannel(t, ws, name), await joinChannel(t, ws, name)]
    t.equal((await a.next())['target'], b.id, name)
  }
})
