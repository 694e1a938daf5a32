// The sockets of the library as WebSockets: states, constants, handlers, what send takes, how close is checked.
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { WebSocket as PlainWebSocket } from 'ws'
import { BroadcastWebSocket, LocalWebSocket, NetworkWebSocket } from '../../src/client/node.ts'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { nextEvent, queueEvents } from '../support/events.ts'
import { startFakeProxy } from '../support/fake-proxy.ts'

t.test('it fits where a WebSocket is expected', async t => {
  const { ws } = await buildTestApp(t)
  const socket: WebSocket = new NetworkWebSocket('room', ['chat', 'other'], { endpoint: ws })
  t.teardown(() => socket.close())
  const states = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
  states.forEach((name, value) => {
    t.strictSame([NetworkWebSocket[name], NetworkWebSocket.prototype[name], socket[name]], [value, value, value])
    t.throws(() => {
      ;(socket as unknown as Record<string, number>)[name] = 9
    }, TypeError)
  })
  t.ok(socket instanceof EventTarget)
  t.strictSame(
    [socket.readyState, socket.url, socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType],
    [0, `${ws}/room?binary=1`, '', '', 0, 'blob']
  )
  socket.binaryType = 'nonsense' as BinaryType
  t.equal(socket.binaryType, 'blob')
  t.throws(() => socket.send('early'), { name: 'InvalidStateError' })
  await nextEvent(socket, 'open')
  t.strictSame([socket.readyState, socket.protocol, socket.extensions], [1, 'chat', ''])
})

t.test('names, endpoints and subprotocols that cannot be throw SyntaxError', async t => {
  for (const Class of [NetworkWebSocket, LocalWebSocket, BroadcastWebSocket]) {
    for (const name of ['', '.', '..', 'a b', 'a/b', 'ä', 'a?b', '#', '%41', 'a'.repeat(256), '\n']) {
      t.throws(
        () => new Class(name),
        { name: 'SyntaxError', message: /^A channel name has/ },
        JSON.stringify(name.slice(0, 9))
      )
    }
    for (const endpoint of [
      '',
      'localhost',
      'ftp://localhost',
      'ws://localhost?a=1',
      'ws://localhost#x',
      'ws://user:secret@localhost',
      'file:///lib',
      'ws:',
      '/'
    ]) {
      t.throws(() => new Class('room', null, { endpoint }), { name: 'SyntaxError', message: /endpoint/ }, endpoint)
    }
    t.throws(() => new Class('room', ['a', 'a']), { name: 'SyntaxError' }, 'subprotocol twice')
    t.throws(() => new Class('room', 'a b'), { name: 'SyntaxError' })
  }
})

t.test('endpoints are addresses of ws, wss, http and https, with a path', async t => {
  const urls: string[] = []
  class Recorder extends EventTarget {
    constructor(url: string) {
      super()
      urls.push(url)
    }
  }
  const options = { WebSocket: Recorder as never, resume: 0 }
  for (const endpoint of [
    'http://a.example',
    'https://a.example/',
    'ws://a.example:1/nws',
    new URL('wss://a.example/x/y/')
  ]) {
    t.equal(new NetworkWebSocket('room', { ...options, endpoint }).readyState, 0)
  }
  t.equal(new LocalWebSocket('room', options).url, 'ws://localhost:9009/local/room')
  t.equal(new BroadcastWebSocket('+=*._-', null, options).url, 'ws://localhost:9009/broadcast/+=*._-')
  t.strictSame(urls, [
    'ws://a.example/room?binary=1',
    'wss://a.example/room?binary=1',
    'ws://a.example:1/nws/room?binary=1',
    'wss://a.example/x/y/room?binary=1',
    'ws://localhost:9009/local/room',
    'ws://localhost:9009/broadcast/+=*._-'
  ])
})

t.test('handlers behave as event handler attributes', async t => {
  const { ws } = await startFakeProxy(t)
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => socket.close())
  for (const type of ['open', 'message', 'error', 'close', 'connect', 'disconnect', 'reconnecting']) {
    const handlers = socket as unknown as Record<string, unknown>
    t.equal(handlers[`on${type}`], null, type)
    const handler = (): void => {}
    handlers[`on${type}`] = handler
    t.equal(handlers[`on${type}`], handler)
    handlers[`on${type}`] = 'no function'
    t.equal(handlers[`on${type}`], null)
  }
  await nextEvent(socket, 'open')
  const log: string[] = []
  const fire = (): string[] => {
    const event = new Event('message', { cancelable: true })
    socket.dispatchEvent(event)
    return [...log.splice(0), ...(event.defaultPrevented ? ['prevented'] : [])]
  }
  const handler = (name: string, result?: boolean) =>
    function (this: unknown) {
      log.push(this === socket ? name : 'wrong this')
      return result
    }
  socket.addEventListener('message', handler('first'))
  socket.onmessage = handler('handler')
  socket.addEventListener('message', handler('last'))
  t.strictSame(fire(), ['first', 'handler', 'last'])
  socket.onmessage = handler('replaced', false)
  t.strictSame(fire(), ['first', 'replaced', 'last', 'prevented'], 'keeps its place; false cancels')
  socket.onmessage = null
  t.strictSame(fire(), ['first', 'last'])
  socket.onmessage = handler('again')
  t.strictSame(fire(), ['first', 'last', 'again'], 'takes a new place')
})

t.test('close checks its arguments as WebSocket does', async t => {
  const { ws } = await buildTestApp(t)
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  await nextEvent(socket, 'open')
  for (const code of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000, NaN])
    t.throws(() => socket.close(code), { name: 'InvalidAccessError' }, `${code}`)
  t.throws(() => socket.close(1000, 'x'.repeat(124)), { name: 'SyntaxError' })
  t.throws(() => socket.close(1000, 'ä'.repeat(62)), { name: 'SyntaxError' })
  t.equal(socket.readyState, 1)
  const closed = nextEvent(socket, 'close')
  socket.close(3000, 'ä'.repeat(61))
  socket.close(3001)
  t.equal(socket.readyState, 2)
  t.match(await closed, { code: 3000, reason: 'ä'.repeat(61), wasClean: true })
  const before = socket.bufferedAmount
  socket.send('12345')
  t.ok(socket.bufferedAmount > before, 'what is sent too late counts as never sent')
})

t.test('close without arguments, and before the opening', async t => {
  const { ws } = await buildTestApp(t)
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  await nextEvent(socket, 'open')
  socket.close()
  t.match(await nextEvent(socket, 'close'), { code: 1005, reason: '', wasClean: true })

  const early = new NetworkWebSocket('room', { endpoint: ws })
  const events = queueEvents(early, 'open', 'error', 'close')
  early.close()
  t.equal(early.readyState, 2)
  t.match(await events.next(), { type: 'close', code: 1006, wasClean: false })
  t.equal(early.readyState, 3)
  t.strictSame(events.waiting(), [])
})

t.test('send takes text and binary data of every kind and keeps their order', async t => {
  const { ws } = await buildTestApp(t)
  const [a, b] = [new NetworkWebSocket('room', { endpoint: ws }), new NetworkWebSocket('room', { endpoint: ws })]
  t.teardown(() => {
    a.close()
    b.close()
  })
  await Promise.all([nextEvent(a, 'connect'), nextEvent(b, 'connect')])
  b.binaryType = 'arraybuffer'
  b.peers[0]!.binaryType = 'arraybuffer'
  const messages = queueEvents(b, 'message')
  const direct = queueEvents(b.peers[0]!, 'message')
  const bytes = Uint8Array.of(0, 1, 2, 3, 254, 255)
  const sent = [
    'text',
    bytes,
    bytes.buffer,
    bytes.subarray(1, 3),
    new DataView(bytes.buffer, 2, 2),
    new Uint16Array(bytes.buffer),
    new Blob([bytes]),
    'after the blob',
    new Blob(['x'.repeat(100_000)]),
    new File(['f'], 'name'),
    new Uint8Array(),
    new Blob(),
    'last'
  ]
  for (const data of sent) a.send(data)
  for (const data of sent.slice(0, 8)) a.peers[0]!.send(data)
  t.ok(a.bufferedAmount >= 100_000)
  a.send({ toString: () => 'made text' } as unknown as string)
  const mutable = Uint8Array.of(7)
  a.send(mutable)
  mutable[0] = 8

  const expected: unknown[] = [
    'text',
    [...bytes],
    [...bytes],
    [1, 2],
    [2, 3],
    [...bytes],
    [...bytes],
    'after the blob',
    100_000,
    [102],
    [],
    [],
    'last'
  ]
  const read = (data: unknown): unknown =>
    data instanceof ArrayBuffer ? (data.byteLength > 100 ? data.byteLength : [...new Uint8Array(data)]) : data
  for (const value of expected) {
    const event = await messages.next()
    t.strictSame(read(event.data), value)
    t.equal(event.senderId, a.id)
    t.strictSame(event.json, typeof value === 'string' ? value : undefined)
  }
  t.strictSame([(await messages.next()).data, read((await messages.next()).data)], ['made text', [7]])
  for (const value of expected.slice(0, 8)) t.strictSame(read((await direct.next()).data), value, 'to the peer alone')
  t.equal(a.bufferedAmount, 0)

  b.binaryType = 'blob'
  a.send(bytes)
  const { data } = await messages.next()
  t.ok(data instanceof Blob)
  t.strictSame([...new Uint8Array(await (data as Blob).arrayBuffer())], [...bytes])
})

t.test('what was sent before close still goes out, Blobs too', async t => {
  const { ws } = await buildTestApp(t)
  const a = new NetworkWebSocket('room', { endpoint: ws })
  await nextEvent(a, 'open')
  const raw = await joinChannel(t, ws, 'room')
  await raw.next()
  a.send(new Blob(['blob']))
  a.send('text')
  a.close()
  t.match(await raw.next(), { action: 'broadcast', data: { $binary: Buffer.from('blob').toString('base64') } })
  t.match(await raw.next(), { action: 'broadcast', data: 'text' })
  t.match(await raw.next(), { action: 'disconnect' })
})

t.test('a Blob that cannot be read is left out and told of', async t => {
  const { ws, accept } = await startFakeProxy(t)
  const a = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => a.close())
  const server = await accept()
  await nextEvent(a, 'open')
  const blob = new Blob(['x'])
  blob.arrayBuffer = async () => {
    throw new Error('the file is gone')
  }
  const error = nextEvent(a, 'error')
  a.send(blob)
  a.send('next')
  t.equal((await error).code, 'NWS_CLIENT_UNREADABLE_BLOB')
  t.equal(await server.next(), '{"action":"broadcast","data":"next"}')
  t.equal(a.bufferedAmount, 0)
})

t.test('the WebSocket class can be given, and the token goes first and in no URL', async t => {
  const { ws, accept } = await startFakeProxy(t)
  class Mine extends PlainWebSocket {}
  const made: Mine[] = []
  const socket = new NetworkWebSocket('room', {
    endpoint: ws,
    token: 's3cret',
    WebSocket: class extends Mine {
      constructor(...args: [string]) {
        super(...args)
        made.push(this)
      }
    } as never
  })
  t.teardown(() => socket.close())
  const server = await accept()
  t.equal(await server.next(), '{"action":"auth","token":"s3cret"}')
  t.equal(server.request.url, '/room?binary=1')
  await nextEvent(socket, 'open')
  t.equal(made.length, 1)
})

const address = Object.values(networkInterfaces())
  .flat()
  .find(entry => entry?.family === 'IPv4' && !entry.internal)?.address

t.test(
  'a proxy on another machine lets it in by its token',
  { skip: address === undefined && 'this machine has no address beside loopback' },
  async t => {
    const { port } = await buildTestApp(t, {
      host: '0.0.0.0',
      apiToken: 'a-long-enough-token',
      allowedHosts: [address!]
    })
    const endpoint = `http://${address}:${port}`
    const good = new NetworkWebSocket('room', { endpoint, token: 'a-long-enough-token' })
    t.teardown(() => good.close())
    await nextEvent(good, 'open')
    const bad = new NetworkWebSocket('room', { endpoint, token: 'wrong', reconnect: true })
    const events = queueEvents(bad, 'open', 'error', 'close', 'reconnecting')
    t.match(await events.next(), { type: 'error', code: 'NWS_ERR_TOKEN_REQUIRED' })
    t.match(await events.next(), { type: 'close', code: 4501, wasClean: true })
  }
)

t.test('sockets of raw frames', async t => {
  const { ws, accept } = await startFakeProxy(t)
  for (const [Class, path] of [
    [LocalWebSocket, '/local/my.name'],
    [BroadcastWebSocket, '/broadcast/my.name']
  ] as const) {
    const socket = new Class('my.name', ['chat'], { endpoint: ws })
    t.throws(() => socket.send('early'), { name: 'InvalidStateError' })
    const server = await accept()
    t.equal(server.request.url, path)
    await nextEvent(socket, 'open')
    t.equal(socket.protocol, 'chat')
    const messages = queueEvents(socket, 'message')
    for (const text of ['', '____connect', '{"action":"broadcast","data":1}', 'é']) {
      socket.send(text)
      t.equal(await server.next(), text)
      server.send(text)
      t.match(await messages.next(), { data: text })
    }
    socket.binaryType = 'arraybuffer'
    socket.send(Uint8Array.of(1, 2).subarray(1))
    socket.send(new Blob(['b']))
    t.strictSame([await server.next(), await server.next()], [Buffer.from([2]), Buffer.from('b')])
    server.send(Buffer.from([9]))
    t.strictSame([...new Uint8Array((await messages.next()).data as ArrayBuffer)], [9])
    const closed = nextEvent(socket, 'close')
    server.socket.close(3333, 'by the server')
    t.match(await closed, { code: 3333, reason: 'by the server', wasClean: true })
  }
})
