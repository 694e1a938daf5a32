// A proxy that hears nonsense on every address that it has, while two who talk properly watch: they must not notice.
// Not a test file: endpoints.test.ts and `npm run fuzz`.
import { connect } from 'node:net'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { mutated } from './mutation.ts'

/** One connection with its words. */
interface Attempt {
  readonly where: 'text' | 'binary' | 'frames' | 'http' | 'mesh'
  readonly path: string
  readonly messages: readonly Buffer[]
}

const PATHS = [
  '/room',
  '/room?binary=1',
  '/broadcast/room',
  '/local/room',
  '/network/room/12345',
  '/control/network/room/12345',
  '/control/local/room/77777',
  '/console',
  '/%72oom'
]
const TEXTS = [
  '{"action":"broadcast","data":[1,{"a":"b"}]}',
  '{"action":"message","target":"x","data":1}',
  '{"action":"status"}',
  '{"Action":"message","Target":12345,"Payload":"x"}',
  'raw',
  '{"action":"auth","token":"x"}'
]
const WORDS = ['"action"', '__proto__', '{', '[', '\\u0000', '\ud800', '\0', Uint8Array.of(0xc3, 0x28)]

/** A frame of a client; its mask is zero. */
function frame(first: number, payload: Uint8Array): Buffer {
  const length =
    payload.length < 126 ? Buffer.of(0x80 | payload.length) : Buffer.of(0xfe, payload.length >> 8, payload.length & 255)
  return Buffer.concat([Buffer.of(first), length, Buffer.alloc(4), payload])
}

const frames = [
  frame(0x81, Buffer.from(TEXTS[0]!)),
  frame(0x82, Buffer.of(3, 0, 1)),
  frame(0x89, Buffer.from('ping')),
  frame(0x88, Buffer.of(3, 232)),
  frame(0x01, Buffer.from('{"action":')),
  frame(0x80, Buffer.from('"status"}'))
]
const upgrade = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
const requests = [
  upgrade('/room'),
  'GET /api/channels HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n',
  'GET /api/metrics HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n',
  'GET /docs/api HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n',
  'POST /api/channels/other/messages?waitMs=0 HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"data":[1]}',
  'GET /api/channels/other/events HTTP/1.1\r\nHost: localhost:PORT\r\nAccept: text/event-stream\r\n\r\n'
]
const HTTP_WORDS = [
  '\r\n',
  '\r\n\r\n',
  '%',
  '%00',
  '../',
  'Host: evil.example\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  '\0',
  '{"a":'
]
const links = [Buffer.from(`NWS3${'\0'.repeat(16)}${'x'.repeat(64)}`), Buffer.alloc(50, 1)]

const list = (bytes: fc.Arbitrary<Buffer>) => fc.array(bytes, { minLength: 1, maxLength: 5 })
const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.record({
    where: fc.constantFrom('text' as const, 'binary' as const),
    path: fc.constantFrom(...PATHS),
    messages: list(mutated([...TEXTS, Buffer.of(3, 0, 1, 2), Buffer.of(4, 1, 120, 1)], WORDS))
  }),
  fc.record({
    where: fc.constant('frames' as const),
    path: fc.constantFrom(...PATHS),
    messages: list(mutated(frames, [Uint8Array.of(0xff), Uint8Array.of(0xc1, 0x80), Uint8Array.of(0x83, 0xff, 0x7f)]))
  }),
  fc.record({
    where: fc.constant('http' as const),
    path: fc.constant(''),
    messages: list(mutated(requests, HTTP_WORDS))
  }),
  fc.record({
    where: fc.constant('mesh' as const),
    path: fc.constant(''),
    messages: list(mutated([...links, Buffer.concat(links.map(each => Buffer.from(each)))], HTTP_WORDS))
  })
)

/** Says bytes on a connection of its own; resolves when it is over, by whomever. */
async function sayRaw(port: number, parts: readonly Buffer[]): Promise<void> {
  await new Promise<void>(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part)
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('data', () => {})
    socket.once('close', () => resolve())
  })
}

async function sayOnSocket(port: number, { path, where, messages }: Attempt): Promise<void> {
  await new Promise<void>(resolve => {
    const socket = new WebSocket(`ws://localhost:${port}${path}`, { perMessageDeflate: false })
    socket.on('error', () => {})
    socket.on('open', () => {
      for (const message of messages) socket.send(message, { binary: where === 'binary' })
      socket.close()
    })
    socket.once('close', () => resolve())
  })
}

/** Where the proxy listens. */
export interface Ports {
  readonly local: number
  readonly mesh: number
}

async function run(ports: Ports, attempt: Attempt): Promise<void> {
  const text = (bytes: Buffer): Buffer =>
    Buffer.from(bytes.toString('latin1').replaceAll('PORT', String(ports.local)), 'latin1')
  switch (attempt.where) {
    case 'http':
      return await sayRaw(ports.local, attempt.messages.map(text))
    case 'mesh':
      return await sayRaw(ports.mesh, attempt.messages.map(text))
    case 'frames':
      return await sayRaw(ports.local, [text(Buffer.from(upgrade(attempt.path))), ...attempt.messages])
    default:
      return await sayOnSocket(ports.local, attempt)
  }
}

/** Lets so many connections, some at a time, say nonsense. @param rounds each of eight connections; @returns what went wrong, with what to repeat it */
export async function fuzzEndpoints(
  ports: Ports,
  rounds: number,
  seed: number,
  alive: () => Promise<boolean>
): Promise<string | undefined> {
  const property = fc.asyncProperty(fc.array(attempt, { minLength: 8, maxLength: 8 }), async attempts => {
    await Promise.all(attempts.map(async each => await run(ports, each)))
    return await alive()
  })
  const { failed, counterexample, errorInstance } = await fc.check(property, {
    numRuns: rounds,
    seed,
    endOnFailure: true
  })
  // The whole of it would be megabytes; the seed brings it back.
  return failed
    ? `FUZZ_SEED=${seed} ${errorInstance instanceof Error ? (errorInstance.stack ?? '') : ''} ${fc.stringify(counterexample).slice(0, 1000)}`
    : undefined
}
