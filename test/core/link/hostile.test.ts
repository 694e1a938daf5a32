// What a hostile remote can send below the channels: prefaces, HELLOs, frames and records of every wrong kind. Each
// costs that link, with the right code, and nothing else.
import t from 'tap'
import { concat, u16, u32, u64, u8 } from '../../../src/core/bytes.ts'
import { frameType } from '../../../src/core/link/wire/frames.ts'
import { HandshakeInitiator, createIdentity, type Identity } from '../../../src/core/link/wire/handshake.ts'
import { writeHello } from '../../../src/core/link/wire/hello.ts'
import { RawLink, frameBytes, type RawLinkOptions } from '../../support/raw-link.ts'
import { Simulation } from '../../support/simulation.ts'

const bytes = (length: number) => new Uint8Array(length).fill(7)
const FROM_START = frameBytes(frameType.from, new Uint8Array(8))

/** An honest proxy and a hostile end on one connection. */
function scene(role: 'I' | 'R', options: Partial<RawLinkOptions> = {}, honestOptions: { dialledId?: Uint8Array } = {}) {
  const simulation = new Simulation(1)
  const honest = simulation.proxy('a')
  honest.join('webchat')
  const {
    ends: [here, there]
  } = simulation.wire()
  const { primitives } = honest
  const identity = options.identity ?? createIdentity(primitives)
  const raw = new RawLink(there, { role, primitives, ...options, identity })
  const link = simulation.end(honest, here, { role: role === 'I' ? 'R' : 'I', ...honestOptions })
  return { simulation, honest, raw, link, port: there, here }
}

t.test('a wrong W0 ends the connection without an answer', async t => {
  const { primitives, identity } = new Simulation(1).proxy('b')
  const good = new HandshakeInitiator(primitives, identity).w0
  const with_ = (at: number, part: Uint8Array) => {
    const changed = good.slice()
    changed.set(part, at)
    return changed
  }
  const table: [string, (own: Identity) => Uint8Array][] = [
    ['empty', () => new Uint8Array(0)],
    ['one byte short', () => good.subarray(0, 83)],
    ['one byte long', () => concat(good, u8(0))],
    ['HTTP', () => new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(84)))],
    ['another magic', () => with_(0, new Uint8Array(Buffer.from('NWS2')))],
    ['from our own key', own => with_(52, own.keys.publicKey)],
    ['for another id', () => with_(4, bytes(16).fill(9))],
    ['a key that gives an all-zero secret', () => with_(20, new Uint8Array(32))],
    ['a static key that gives an all-zero secret', () => with_(52, new Uint8Array(32))]
  ]
  for (const [name, make] of table) {
    const simulation = new Simulation(1)
    const honest = simulation.proxy('a')
    const {
      ends: [own, hostile]
    } = simulation.wire()
    const link = simulation.end(honest, own, { role: 'R' })
    hostile.send(make(honest.identity))
    simulation.run(1000)
    t.equal(link.state, 'over', name)
    t.strictSame(own.sent, [], `${name}: nothing is answered`)
  }
})

t.test('a wrong W1 ends the link of the dialler silently', async t => {
  for (const [name, answer] of [
    ['short', bytes(95)],
    ['long', bytes(97)],
    ['forged', bytes(96)],
    ['an all-zero key', concat(new Uint8Array(32), bytes(64))]
  ] as const) {
    const simulation = new Simulation(1)
    const honest = simulation.proxy('a')
    const {
      ends: [here, there]
    } = simulation.wire()
    there.receive = () => there.send(answer)
    const link = simulation.end(honest, here, { role: 'I' })
    simulation.run(1000)
    t.equal(link.state, 'over', name)
    t.equal(here.sent.length, 1, 'nothing but W0 was sent')
  }
})

t.test('silence before HELLO ends a link after its time', async t => {
  for (const role of ['I', 'R'] as const) {
    const simulation = new Simulation(1)
    const honest = simulation.proxy('a')
    const link = simulation.end(honest, simulation.wire().ends[0], { role })
    simulation.run(2999)
    t.equal(link.state, 'opening')
    simulation.run(2)
    t.equal(link.state, 'over', `no handshake with ${role}`)

    const after = scene(role === 'I' ? 'R' : 'I', { hello: false })
    after.simulation.run(2900)
    t.equal(after.link.state, 'opening')
    after.simulation.run(200)
    t.equal(after.link.state, 'over', `no HELLO for ${role}`)
    t.equal(after.raw.closed, undefined, 'before HELLO no reason is sent')
  }
})

t.test('a wrong HELLO ends a link without a reason', async t => {
  const greeting = { mine: bytes(8), yours: new Uint8Array(8), received: 0, generation: 1, port: 0 }
  const hello = writeHello(greeting)
  for (const role of ['I', 'R'] as const) {
    for (const [name, body] of [
      ['no name for the session', writeHello({ ...greeting, mine: new Uint8Array(8) })],
      ['a number beyond 2^53', hello.with(20, 1)],
      ['one byte short', hello.subarray(0, 33)]
    ] as const) {
      const { simulation, raw, link } = scene(role, { hello: body })
      simulation.run(2000)
      t.equal(link.state, 'over', `${role}: ${name}`)
      t.equal(raw.closed, undefined, `${role}: ${name}: no reason`)
    }
  }
  for (const [name, body] of [
    ['unknown features', hello.with(0, 255).with(3, 255)],
    ['something behind it', concat(hello, bytes(100))]
  ] as const) {
    const { simulation, link } = scene('I', { hello: body })
    simulation.run(2000)
    t.equal(link.state, 'open', `${name} is taken`)
  }
})

t.test('numbers of a session that cannot be close the link', async t => {
  const greeting = { mine: bytes(8), yours: new Uint8Array(8), received: 0, generation: 1, port: 0 }
  const behind = (...frames: Uint8Array[]): Uint8Array => concat(...frames)
  for (const [name, message, code] of [
    ['DATA before FROM', frameBytes(frameType.data, bytes(20)), 1002],
    ['LEAVE before FROM', frameBytes(frameType.leave, bytes(8)), 1002],
    ['FROM that leaves frames out', frameBytes(frameType.from, u64(1)), 1002],
    ['FROM beyond 2^53', frameBytes(frameType.from, bytes(8)), 1002],
    ['FROM twice', behind(frameBytes(frameType.from, u64(0)), frameBytes(frameType.from, u64(0))), 1002],
    ['HELD behind FROM', behind(frameBytes(frameType.from, u64(0)), frameBytes(frameType.held, bytes(8))), 1002],
    ['half a handle', frameBytes(frameType.held, bytes(12)), 1002],
    ['17 HELD', behind(...Array.from({ length: 17 }, () => frameBytes(frameType.held))), 1008],
    ['ACK of what was not sent', frameBytes(frameType.ack, u64(1)), 1002],
    ['ACK beyond 2^53', frameBytes(frameType.ack, bytes(8)), 1002],
    ['HELD of handles that nobody has', frameBytes(frameType.held, bytes(800)), undefined]
  ] as const) {
    const { simulation, raw, link } = scene('I')
    simulation.run(1000)
    raw.send(message)
    simulation.run(1000)
    t.equal(raw.closed, code, name)
    t.equal(link.state, code === undefined ? 'open' : 'over', name)
  }
  const { simulation, link } = scene('I', { hello: writeHello({ ...greeting, received: 3 }) })
  simulation.run(1000)
  t.equal(link.state, 'open', 'what a remote says to have received of another session counts as nothing')
})

t.test('wrong frames close the link with their code', async t => {
  const m = (length: number, r = 0) => concat(u32(r), bytes(length))
  const table: [string, 'I' | 'R' | 'both', Uint8Array, number | undefined][] = [
    ['an empty message', 'both', new Uint8Array(0), 1002],
    ['an unknown type', 'both', frameBytes(0x07), 1002],
    ['an unknown extension', 'both', frameBytes(0x80, bytes(20)), undefined],
    ['the last extension', 'both', frameBytes(0xff), undefined],
    ['type zero', 'both', frameBytes(0), 1002],
    ['HELLO twice', 'both', frameBytes(frameType.hello, bytes(34)), 1002],
    ['a header cut off', 'both', Uint8Array.of(frameType.ping, 0, 0), 1002],
    ['a body cut off', 'both', frameBytes(frameType.ping, bytes(8)).subarray(0, 10), 1002],
    ['a length beyond everything', 'both', concat(u8(frameType.data), u16(0xffff), bytes(9)), 1002],
    ['a short PING', 'both', frameBytes(frameType.ping, bytes(7)), 1002],
    ['a long PONG', 'both', frameBytes(frameType.pong, bytes(9)), 1002],
    ['a short CLOSE', 'both', frameBytes(frameType.close, bytes(1)), 1002],
    ['a REKEY with a body', 'both', frameBytes(frameType.rekey, bytes(1)), 1002],
    ['something behind REKEY', 'both', concat(frameBytes(frameType.rekey), u8(0)), 1002],
    ['a PING behind REKEY', 'both', concat(frameBytes(frameType.rekey), frameBytes(frameType.ping, bytes(8))), 1002],
    ['a WANT with a body', 'R', frameBytes(frameType.want, bytes(1)), 1002],
    ['WANT of I', 'I', frameBytes(frameType.want), 1002],
    ['M1 of R', 'R', frameBytes(frameType.m1, m(2 + 8 * 32)), 1002],
    ['M3 of R', 'R', frameBytes(frameType.m3, m(128)), 1002],
    ['M5 of R', 'R', frameBytes(frameType.m5, m(512)), 1002],
    ['M2 of I', 'I', frameBytes(frameType.m2, m(2 + 8 * 32)), 1002],
    ['M4 of I', 'I', frameBytes(frameType.m4, m(8 * 48)), 1002],
    ['M6 of I', 'I', frameBytes(frameType.m6, m(8 * 32)), 1002],
    ['M3 without a round', 'I', frameBytes(frameType.m3, m(128)), 1002],
    ['M5 without a round', 'I', frameBytes(frameType.m5, m(512)), 1002],
    ['an empty M1', 'I', frameBytes(frameType.m1), 1002],
    ['M1 of round 1', 'I', frameBytes(frameType.m1, concat(u32(1), u8(0), u8(3), bytes(256))), 1002],
    ['M1 with n = 2', 'I', frameBytes(frameType.m1, concat(u32(0), u8(0), u8(2), bytes(128))), 1002],
    ['M1 with n = 10', 'I', frameBytes(frameType.m1, concat(u32(0), u8(0), u8(10), bytes(32768))), 1002],
    ['M1 one element short', 'I', frameBytes(frameType.m1, concat(u32(0), u8(0), u8(3), bytes(224))), 1002],
    ['M1 with bit 8', 'I', frameBytes(frameType.m1, concat(u32(0), u8(8), u8(3), bytes(256))), 1002],
    ['M1 with bits 2 and 4', 'I', frameBytes(frameType.m1, concat(u32(0), u8(6), u8(3), bytes(256))), 1002],
    ['M1 with the same element twice', 'I', frameBytes(frameType.m1, concat(u32(0), u8(0), u8(3), bytes(256))), 1008],
    ['M2 without its M1', 'R', frameBytes(frameType.m4, m(8 * 48)), 1002],
    ['a short DATA', 'both', frameBytes(frameType.data, bytes(8)), 1002],
    ['a short LEAVE', 'both', frameBytes(frameType.leave, bytes(7)), 1002],
    ['a long FROM', 'both', frameBytes(frameType.from, bytes(9)), 1002],
    ['a short ACK', 'both', frameBytes(frameType.ack, bytes(7)), 1002],
    ['an unknown LEAVE', 'both', concat(FROM_START, frameBytes(frameType.leave, bytes(8))), undefined],
    ['a PONG that was not asked for', 'both', frameBytes(frameType.pong, bytes(8)), undefined],
    ['DATA for an unknown handle', 'both', concat(FROM_START, frameBytes(frameType.data, bytes(20))), undefined],
    ['PING', 'both', frameBytes(frameType.ping, bytes(8)), undefined],
    [
      'PING behind PING',
      'both',
      concat(frameBytes(frameType.ping, bytes(8)), frameBytes(frameType.ping, bytes(8))),
      undefined
    ]
  ]
  for (const [name, from, message, code] of table) {
    for (const role of ['I', 'R'] as const) {
      if (from !== 'both' && from !== role) continue
      const { simulation, raw, link, honest } = scene(role)
      simulation.run(1000)
      raw.send(message)
      simulation.run(1000)
      t.equal(raw.closed, code, `${name} of ${role}`)
      t.equal(link.state, code === undefined ? 'open' : 'over', `${name} of ${role}: state`)
      t.strictSame(honest.seen.events, [], 'nothing is matched')
    }
  }
})

t.test('the first frame must be HELLO', async t => {
  const { simulation, raw, link } = scene('I', { hello: false })
  simulation.run(500)
  raw.send(frameBytes(frameType.ping, bytes(8)))
  simulation.run(500)
  t.equal(link.state, 'over')
  t.equal(raw.closed, undefined)
})

t.test('frames before a fault still take effect', async t => {
  const { simulation, raw } = scene('I')
  simulation.run(500)
  raw.send(frameBytes(frameType.ping, bytes(8)), Uint8Array.of(0x77))
  simulation.run(500)
  t.ok(
    raw.frames.some(({ type, body }) => type === frameType.pong && body[0] === 7),
    'the PING was answered'
  )
  t.equal(raw.closed, 1002)
})

t.test('a CLOSE is obeyed and not answered, and nothing behind it counts', async t => {
  const { simulation, raw, honest, here } = scene('I')
  simulation.run(500)
  raw.send(frameBytes(frameType.close, u16(1001)), Uint8Array.of(0x77))
  simulation.run(500)
  t.match(honest.seen.endings, [{ code: 1001, by: 'remote', truncated: false }])
  t.equal(raw.closed, undefined)
  t.ok(here.closed)
})

t.test('records that are flipped, dropped, repeated or exchanged close the link', async t => {
  for (const [name, change] of [
    [
      'a flipped bit',
      (raw: RawLink, port: { inject: (bytes: Uint8Array) => void }) => {
        const sealed = raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!
        sealed[3]! ^= 1
        port.inject(sealed)
      }
    ],
    [
      'a cut tag',
      (raw: RawLink, port) => port.inject(raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!.subarray(0, -1))
    ],
    [
      'a dropped record',
      (raw: RawLink, port) => {
        raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))
        port.inject(raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!)
      }
    ],
    [
      'a repeated record',
      (raw: RawLink, port) => {
        const sealed = raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!
        port.inject(sealed)
        port.inject(sealed.slice())
      }
    ],
    [
      'two records exchanged',
      (raw: RawLink, port) => {
        const first = raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!
        port.inject(raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!)
        port.inject(first)
      }
    ],
    [
      'an old key after REKEY',
      (raw: RawLink, port) => {
        port.inject(raw.keys!.send.seal(frameBytes(frameType.rekey))!)
        port.inject(raw.keys!.send.seal(frameBytes(frameType.ping, bytes(8)))!)
      }
    ],
    ['nothing', (_raw: RawLink, port) => port.inject(new Uint8Array(0))]
  ] as [string, (raw: RawLink, port: { inject: (bytes: Uint8Array) => void }) => void][]) {
    const { simulation, raw, link, honest, port } = scene('I')
    simulation.run(500)
    change(raw, port)
    simulation.run(500)
    t.equal(link.state, 'over', name)
    t.match(honest.seen.endings, [{ code: 1008, by: 'us' }], name)
  }
})

t.test('a flood of PING closes the link', async t => {
  const { simulation, raw } = scene('I')
  simulation.run(500)
  for (let i = 0; i < 30; i++) {
    simulation.run(110)
    raw.send(frameBytes(frameType.ping, bytes(8)))
  }
  simulation.run(1000)
  t.equal(raw.closed, undefined, 'nine in a second are borne')
  raw.send(...Array.from({ length: 11 }, () => frameBytes(frameType.ping, bytes(8))))
  simulation.run(100)
  t.equal(raw.closed, 1008, 'eleven at once are not')
})

t.test('the connection that ends without CLOSE is reported as truncated', async t => {
  const { simulation, honest, port } = scene('I')
  simulation.run(500)
  port.close()
  simulation.run(100)
  t.match(honest.seen.endings, [{ code: undefined, by: 'stream', truncated: true }])
})
