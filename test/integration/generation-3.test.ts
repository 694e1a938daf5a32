// The third generation over raw sockets, as its unmodified clients use it: /<channel> and the envelope. Its rows of
// docs/COMPATIBILITY.md, one by one; what is new in this proxy is in channels.test.ts.
import { once } from 'node:events'
import t from 'tap'
import { buildTestApp, request, UPGRADE } from '../support/app.ts'
import { openSocket } from '../support/channel.ts'
import { openRaw, type TestSocket } from '../support/generations.ts'

/** The next frame, which must be text, as JSON. */
async function next(socket: TestSocket): Promise<Record<string, unknown>> {
  return JSON.parse((await socket.next()) as string) as Record<string, unknown>
}

/** The own id, as the ancestor's own programs ask for it; all that came before is passed over. */
async function idOf(socket: TestSocket): Promise<string> {
  socket.send('{"action":"status"}')
  for (;;) {
    const { action, source } = await next(socket)
    if (action === 'status') return source as string
  }
}

t.test('URL: all characters of the grammar, case-sensitive, decoded first; no slash', async t => {
  const { ws, port } = await buildTestApp(t)
  for (const name of ['A-Za-z0-9+=*._-', 'a'.repeat(255), '0', '*']) {
    const a = await openRaw(t, ws, name)
    await openRaw(t, ws, encodeURIComponent(name))
    t.equal((await next(a))['action'], 'connect', name.slice(0, 20))
  }
  const lower = await openRaw(t, ws, 'room')
  await openRaw(t, ws, 'Room')
  lower.send('{"action":"status"}')
  t.equal((await next(lower))['action'], 'status', 'nobody else is there')
  for (const path of ['/a/b', '/a%2Fb', '/%20', `/${'a'.repeat(256)}`])
    t.equal((await request(port, 'GET', path, UPGRADE)).status, 404, path.slice(0, 20))
})

t.test('URL: console, local, network, control and broadcast are ordinary channels when upgraded', async t => {
  const { ws } = await buildTestApp(t)
  for (const name of ['console', 'local', 'network', 'control', 'broadcast']) {
    const a = await openRaw(t, ws, name)
    const b = await openRaw(t, ws, name)
    t.equal((await next(a))['target'], await idOf(b), name)
  }
})

t.test('Host: localhost, 127.0.0.1 and [::1] with the port, everything else 403, on everything', async t => {
  const { port } = await buildTestApp(t)
  for (const [host, status] of [
    ['localhost', 200],
    ['127.0.0.1', 200],
    ['[::1]', 200],
    ['other.example', 403]
  ] as const) {
    t.equal((await request(port, 'GET', '/', { Host: `${host}:${port}` })).status, status, host)
  }
  for (const path of ['/', '/console', '/room', '/a/b'])
    t.equal((await request(port, 'GET', path, { Host: `other.example:${port}`, ...UPGRADE })).status, 403, path)
})

t.test('HTTP: the page is at / and /console, a channel asks for an upgrade, other methods are refused', async t => {
  const { port } = await buildTestApp(t)
  for (const [name, status, method, path, headers] of [
    ['page', 200, 'GET', '/', {}],
    ['page', 200, 'GET', '/console', {}],
    ['no socket at /', 404, 'GET', '/', UPGRADE],
    ['channel', 426, 'GET', '/room', {}],
    ['slash at the end', 404, 'GET', '/a/', UPGRADE],
    ['two segments', 404, 'GET', '/a/b', {}],
    ['method', 405, 'POST', '/room', {}],
    ['method before name', 405, 'DELETE', '/%20', {}],
    ['old version', 400, 'GET', '/room', { ...UPGRADE, 'Sec-WebSocket-Version': '8' }]
  ] as const)
    t.equal((await request(port, method, path, headers)).status, status, `${name}: ${method} ${path}`)
})

t.test('subprotocol: the first that is offered is echoed', async t => {
  const { ws } = await buildTestApp(t)
  t.equal((await openRaw(t, ws, 'room', { protocols: ['second.example', 'first'] })).socket.protocol, 'second.example')
  t.equal((await openRaw(t, ws, 'room')).socket.protocol, '')
})

t.test('connect: to each existing peer, and one for each to the newcomer, in order; no hello', async t => {
  const { ws } = await buildTestApp(t)
  const a = await openRaw(t, ws, 'room')
  const b = await openRaw(t, ws, 'room')
  const c = await openRaw(t, ws, 'room')
  const [first, second] = [await next(c), await next(c)]
  const [idA, idB, idC] = [await idOf(a), await idOf(b), await idOf(c)]
  t.strictSame(first, { action: 'connect', source: idC, target: idA })
  t.strictSame(second, { action: 'connect', source: idC, target: idB })
  const late = await openRaw(t, ws, 'room')
  t.strictSame(await next(a), { action: 'connect', source: idA, target: await idOf(late) })
})

t.test('ids are strings made by the proxy; status tells the own one', async t => {
  const { ws } = await buildTestApp(t)
  const a = await openRaw(t, ws, 'room')
  a.send('{"action":"status"}')
  const { action, source, target } = await next(a)
  t.equal(action, 'status')
  t.type(source, 'string')
  t.equal(source, target)
})

t.test('broadcast: without target, to all others in order, a forged source is replaced', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b, c] = [await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room')]
  const id = await idOf(a)
  await idOf(b)
  await idOf(c)
  const texts = ['hello', 'é😀', '<>&', '{"nested":"json"}', 'x'.repeat(70_000)]
  for (const data of texts) a.send(JSON.stringify({ action: 'broadcast', source: 'forged', target: 'forged', data }))
  for (const reader of [b, c])
    for (const data of texts) t.strictSame(await next(reader), { action: 'broadcast', source: id, data })
  b.send('{"action":"broadcast","data":"fence"}')
  t.equal((await next(a))['data'], 'fence', 'the sender never gets its own')
})

t.test('message: to that peer only, with all four members; to oneself works', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b, c] = [await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room')]
  const [idA, idB] = [await idOf(a), await idOf(b)]
  await idOf(c)
  a.send(JSON.stringify({ action: 'message', source: 'forged', target: idB, data: 'to b' }))
  t.strictSame(await next(b), { action: 'message', source: idA, target: idB, data: 'to b' })
  a.send(JSON.stringify({ action: 'message', target: idA, data: 'to me' }))
  t.strictSame(await next(a), { action: 'message', source: idA, target: idA, data: 'to me' })
  a.send('{"action":"broadcast","data":"fence"}')
  t.equal((await next(c))['data'], 'fence')
})

t.test('disconnect: to each that remains', async t => {
  const { ws } = await buildTestApp(t)
  for (const leave of ['close', 'terminate'] as const) {
    const [a, b] = [await openRaw(t, ws, leave), await openRaw(t, ws, leave)]
    const idA = await idOf(a)
    const idB = await idOf(b)
    b.socket[leave]()
    t.strictSame(await next(a), { action: 'disconnect', source: idA, target: idB }, leave)
  }
})

t.test(
  'what cannot be done changes nothing: the socket stays, and what it is told is ignored by old clients',
  async t => {
    const { ws } = await buildTestApp(t)
    const [a, b] = [await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room')]
    await idOf(a)
    await idOf(b)
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"action":"dance"}',
      '{"action":"connect","target":"x"}',
      '{"action":"disconnect","target":"x"}',
      '{"action":"message","data":"x"}',
      '{"action":"message","target":"nobody","data":"x"}'
    ]) {
      a.send(text)
      t.equal((await next(a))['action'], 'error', text)
    }
    a.send('{"action":"broadcast","data":"fence"}')
    t.equal((await next(b))['data'], 'fence', 'and others never noticed')
  }
)

t.test('data: empty is sent as "", any other JSON value is passed on as the text it came in', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room')]
  const id = await idOf(a)
  await idOf(b)
  for (const [sent, data] of [
    ['"data":""', '""'],
    ['"x":1', '""'],
    ['"data":{"a": 1.0}', '{"a": 1.0}'],
    ['"data":9007199254740993', '9007199254740993'],
    ['"data":null', 'null']
  ] as const) {
    a.send(`{"action":"broadcast",${sent}}`)
    t.equal(await b.next(), `{"action":"broadcast","source":"${id}","data":${data}}`, sent)
  }
})

t.test('teardown: the channel is removed when the last local peer leaves', async t => {
  const { app, ws } = await buildTestApp(t)
  const gone = new Promise<void>(resolve => app.channelRegistry.addHook('channelClosed', () => resolve()))
  const a = await openRaw(t, ws, 'room')
  t.equal(app.channelRegistry.channels().length, 1)
  a.socket.close()
  await gone
  t.equal(app.channelRegistry.channels().length, 0)
})

t.test('close: answered, without a code where there was none', async t => {
  const { ws } = await buildTestApp(t)
  const a = await openRaw(t, ws, 'room')
  a.socket.close()
  t.strictSame(await a.closed, { code: 1005, reason: '' })
})

t.test('size: an offer of audio and video fits, 1 MiB of JSON text passes, one byte more closes with 1009', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [await openRaw(t, ws, 'room'), await openRaw(t, ws, 'room')]
  await idOf(a)
  await idOf(b)
  const ofLength = (length: number) => `{"action":"broadcast","data":"${'x'.repeat(length - 32)}"}`
  for (const length of [5830, 6500, 8193, 1 << 20]) {
    a.send(ofLength(length))
    t.equal(((await next(b))['data'] as string).length, length - 32, String(length))
  }
  a.send(ofLength((1 << 20) + 1))
  t.match(await a.closed, { code: 1009 })
})

t.test('ping: sent, and an answer keeps the socket', async t => {
  const { ws } = await buildTestApp(t, { pingIntervalMs: 50, peerTimeoutMs: 1500 })
  const alive = await openRaw(t, ws, 'room')
  await once(alive.socket, 'ping')
  const { socket, closed } = openSocket(t, `${ws}/room`, { autoPong: false })
  await once(socket, 'open')
  t.not((await closed).code, 1005)
  t.equal(alive.socket.readyState, alive.socket.OPEN)
})
