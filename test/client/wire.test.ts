// The envelope as the client reads and writes it, and what becomes of frames that are none.
import * as fc from 'fast-check'
import t from 'tap'
import { NetworkWebSocket } from '../../src/client/node.ts'
import { isChannelName } from '../../src/client/channel-name.ts'
import { decodeBinary, decodeText, encodeBinary, encodeText } from '../../src/client/wire.ts'
import { decodeBinaryRequest } from '../../src/core/binary-envelope.ts'
import { isChannelName as isChannelNameOfServer } from '../../src/core/channel-name.ts'
import { decodeRequest } from '../../src/core/envelope.ts'
import { nextEvent, queueEvents } from '../support/events.ts'
import { startFakeProxy } from '../support/fake-proxy.ts'

t.test('names are checked by the same rule as on the server', async t => {
  for (let code = 0; code < 0x250; code++) {
    for (const name of [String.fromCharCode(code), `a${String.fromCharCode(code)}`, `${String.fromCharCode(code)}a`])
      t.equal(isChannelName(name), isChannelNameOfServer(name), JSON.stringify(name))
  }
  for (const name of [
    '',
    '.',
    '..',
    '...',
    '.a',
    'a'.repeat(255),
    'a'.repeat(256),
    'a\n',
    '\na',
    'webchat',
    '😀',
    '\ud800',
    'constructor',
    '*',
    '+=*._-'
  ]) {
    t.equal(isChannelName(name), isChannelNameOfServer(name), JSON.stringify(name.slice(0, 20)))
  }
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('aZ09+=*._-/ %?#\n\\é')), maxLength: 300 }),
      name => isChannelName(name) === isChannelNameOfServer(name)
    ),
    { numRuns: 20_000 }
  )
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 20 }),
      name => isChannelName(name) === isChannelNameOfServer(name)
    ),
    { numRuns: 20_000 }
  )
})

t.test('text is read as JSON.parse reads it', async t => {
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/)
  fc.assert(
    fc.property(
      fc.constantFrom('broadcast', 'message'),
      id,
      fc.jsonValue(),
      fc.boolean(),
      (action, source, data, spaced) => {
        const json = spaced ? JSON.stringify(data, null, 1) : JSON.stringify(data)
        for (const text of [
          `{"action":"${action}","source":"${source}","data":${json}}`,
          `{"action":"${action}","source":"${source}","target":"me","data":${json}}`,
          `{"data":${json}, "source":"${source}" ,"action":"${action}"} `,
          `{"action":"${action}","source":"${source}","data":0,"data":${json}}`,
          `{"action":"${action}","source":"${source}","data":${json},"more":"}"}`
        ]) {
          const incoming = decodeText(text)
          if (incoming?.action !== action || !('json' in incoming.data)) return false
          if (incoming.source !== source || JSON.stringify(incoming.data.json) !== JSON.stringify(data)) return false
          if (
            typeof data === 'string'
              ? incoming.data.text !== data
              : JSON.stringify(JSON.parse(incoming.data.text)) !== JSON.stringify(data)
          )
            return false
        }
        return true
      }
    ),
    { numRuns: 2000 }
  )
  t.match(decodeText('{"action":"broadcast","source":"a","data":1.0}'), { data: { text: '1.0', json: 1 } })
  t.match(
    decodeText('{"action":"broadcast","source":"a","data":"\\u0061"}'),
    { data: { text: 'a', json: 'a', jsonText: '"\\u0061"' } },
    'a string keeps its JSON text'
  )
  t.match(
    decodeText('{"action":"broadcast","source":"a"}'),
    { data: { text: '', json: '' } },
    'other proxies leave empty data out'
  )
  t.match(decodeText('{"action":"broadcast","source":"a","data":null}'), { data: { text: 'null', json: null } })
})

t.test('nothing that arrives makes the decoders throw', async t => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map(text => `{"action":"broadcast","source":"a","data":${text}`)
      ),
      text => {
        decodeText(text)
      }
    ),
    { numRuns: 20_000 }
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      decodeBinary(bytes.slice().buffer)
    }),
    { numRuns: 20_000 }
  )
  t.equal(decodeText('{"action":"broadcast","source":"a","data":12'), undefined, 'cut off')
  t.equal(decodeText(`{"action":"broadcast","source":"a","data":${'['.repeat(100_000)}}`), undefined)
})

t.test('what the client writes is what the server reads', async t => {
  for (const target of [undefined, 'peer-1_A']) {
    for (const json of ['"a\\"b"', '{"x":[1,2]}', 'null', '""']) {
      const request = decodeRequest(Buffer.from(encodeText(json, target)), 128)
      t.match(request, target === undefined ? { action: 'broadcast' } : { action: 'message', target })
      t.equal('data' in request ? request.data.toString() : '', json)
    }
    for (const bytes of [[], [1], [3, 4, 255]]) {
      const request = decodeBinaryRequest(Buffer.from(encodeBinary(Uint8Array.from(bytes), target)))
      t.match(request, target === undefined ? { action: 'broadcast' } : { action: 'message', target })
      t.strictSame('payload' in request ? [...request.payload] : [], bytes)
    }
  }
})

const malformed: [string, string | Buffer][] = [
  ['empty', ''],
  ['no JSON', 'hello'],
  ['half', '{"action":'],
  ['null', 'null'],
  ['a number', '1'],
  ['an array', '[]'],
  ['a string', '"x"'],
  ['no action', '{}'],
  ['action of another type', '{"action":1}'],
  ['__proto__', '{"__proto__":{"action":"status"}}'],
  ['connect without target', '{"action":"connect","source":"me"}'],
  ['target of another type', '{"action":"connect","source":"me","target":{}}'],
  ['empty target', '{"action":"connect","source":"me","target":""}'],
  ['long target', `{"action":"connect","target":"${'x'.repeat(256)}"}`],
  ['target that is no id', '{"action":"connect","target":"a\\u0000b"}'],
  ['broadcast without source', '{"action":"broadcast","data":"x"}'],
  ['status without source', '{"action":"status"}'],
  ['empty binary', Buffer.from([])],
  ['one byte', Buffer.from([3])],
  ['wrong op', Buffer.from([5, 0])],
  ['source too long', Buffer.from([3, 9, 65])],
  ['no source', Buffer.from([3, 0, 1])],
  ['source that is no id', Buffer.from([3, 1, 0, 1])]
]
const ignored: [string, string | Buffer][] = [
  ['unknown action', '{"action":"teleport"}'],
  ['disconnect of nobody', '{"action":"disconnect","target":"nobody"}'],
  ['message of nobody', '{"action":"message","source":"nobody","data":1}'],
  ['binary message of nobody', Buffer.from([4, 1, 65, 1])],
  ['connect of oneself', '{"action":"connect","source":"me","target":"me"}'],
  ['message of __proto__', '{"action":"message","source":"__proto__","data":1}']
]

t.test('malformed frames of a proxy are told of, or ignored, and never throw', async t => {
  const { ws, accept } = await startFakeProxy(t)
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => socket.close())
  const server = await accept()
  await nextEvent(socket, 'open')
  const events = queueEvents(socket, 'message', 'error', 'connect', 'disconnect', 'close')
  for (const [name, frame] of malformed) {
    server.send(frame)
    t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_BAD_FRAME' }, name)
  }
  for (const [name, frame] of ignored) {
    server.send(frame)
    server.send({ action: 'broadcast', source: 'you', data: name })
    t.match(await events.next(), { type: 'message', data: name }, name)
  }
  server.send({ action: 'connect', source: 'me', target: '__proto__' })
  server.send({ action: 'connect', source: 'me', target: '__proto__' })
  server.send({ action: 'message', source: '__proto__', data: 'x' })
  server.send({ action: 'disconnect', source: 'me', target: '__proto__' })
  t.match(await events.next(), { type: 'connect', detail: { target: { id: '__proto__' } } })
  t.match(await events.next(), { type: 'disconnect' }, 'a second connect of the same peer is none')
  server.send('{"action":"error","code":{},"message":[]}')
  t.match(await events.next(), { type: 'error', code: '[object Object]' })
  server.send('{"action":"error","code":"NWS_ERR_X","message":"Words.","missed":3}')
  t.match(await events.next(), { type: 'error', code: 'NWS_ERR_X', message: 'Words.', detail: { missed: 3 } })
  t.equal(socket.readyState, 1)
  t.equal(socket.peers.length, 0)
})

t.test('malformed frames before the opening, too', async t => {
  const { ws, accept } = await startFakeProxy(t, { answersStatus: false })
  const socket = new NetworkWebSocket('room', { endpoint: ws })
  t.teardown(() => socket.close())
  const events = queueEvents(socket, 'open', 'error', 'connect', 'message')
  const server = await accept()
  server.send('rubbish')
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_BAD_FRAME' })
  t.equal(await server.next(), '{"action":"status"}')
  server.send({ action: 'connect', source: 'me', target: 'you' })
  t.equal((await events.next()).type, 'open', 'the first word of the channel opens it')
  t.equal(socket.id, 'me')
  t.equal((await events.next()).type, 'connect')
})
