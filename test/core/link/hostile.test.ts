// What a hostile remote can send below the channels: prefaces, HELLOs, frames and records of every wrong kind. Each
// costs that link, with the right code, and nothing else.
import t from 'tap'
import { concat, u16, u32, u8 } from '../../../src/core/bytes.ts'
import { frameType } from '../../../src/core/link/frames.ts'
import { HandshakeInitiator } from '../../../src/core/link/handshake.ts'
import { writeHello } from '../../../src/core/link/hello.ts'
import { RawLink, frameBytes, type RawLinkOptions } from '../../support/raw-link.ts'
import { Simulation } from '../../support/simulation.ts'

const ZERO = new Uint8Array(16)
const bytes = (length: number) => new Uint8Array(length).fill(7)

/** An honest proxy and a hostile end on one connection. */
function scene(role: 'I' | 'R', options: Partial<RawLinkOptions> = {}, honestOptions: { dialledId?: Uint8Array } = {}) {
  const simulation = new Simulation(1)
  const honest = simulation.proxy('a')
  honest.join('webchat')
  const {
    ends: [here, there]
  } = simulation.wire()
  const { primitives } = honest
  const id = options.id ?? primitives.randomBytes(16)
  const raw = new RawLink(there, { role, primitives, ...options, id })
  const link = simulation.end(honest, here, { role: role === 'I' ? 'R' : 'I', ...honestOptions })
  return { simulation, honest, raw, link, port: there, here }
}

t.test('a wrong W0 ends the connection without an answer', async t => {
  const { primitives } = new Simulation(1).proxy('b')
  const good = new HandshakeInitiator(primitives, bytes(16)).w0
  const with_ = (at: number, part: Uint8Array) => {
    const changed = good.slice()
    changed.set(part, at)
    return changed
  }
  const table: [string, (own: Uint8Array) => Uint8Array][] = [
    ['empty', () => new Uint8Array(0)],
    ['one byte short', () => good.subarray(0, 67)],
    ['one byte long', () => concat(good, u8(0))],
    ['HTTP', () => new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(68)))],
    ['another magic', () => with_(0, new Uint8Array(Buffer.from('NWS3')))],
    ['from no id', () => with_(4, ZERO)],
    ['from our own id', own => with_(4, own)],
    ['for another id', () => with_(20, bytes(16).fill(9))],
    ['a key that gives an all-zero secret', () => with_(36, new Uint8Array(32))]
  ]
  for (const [name, make] of table) {
    const simulation = new Simulation(1)
    const honest = simulation.proxy('a')
    const {
      ends: [own, hostile]
    } = simulation.wire()
    const link = simulation.end(honest, own, { role: 'R' })
    hostile.send(make(honest.id))
    simulation.run(1000)
    t.equal(link.state, 'over', name)
    t.strictSame(own.sent, [], `${name}: nothing is answered`)
  }
})

t.test('a W0 that dials by id must come from the smaller id', async t => {
  for (const [name, own, remote, state] of [
    ['the smaller', 9, 1, 'open'],
    ['the larger', 1, 9, 'over']
  ] as const) {
    const simulation = new Simulation(1)
    const honest = simulation.proxy('a', { id: bytes(16).fill(own) })
    const {
      ends: [here, there]
    } = simulation.wire()
    const link = simulation.end(honest, here, { role: 'R' })
    const raw = new RawLink(there, {
      role: 'I',
      id: bytes(16).fill(remote),
      dialledId: honest.id,
      primitives: honest.primitives
    })
    simulation.run(1000)
    t.equal(link.state, state, name)
    t.equal(raw.keys !== undefined, state === 'open')
  }
})

t.test('a wrong W1 ends the link of the dialler silently', async t => {
  for (const [name, answer] of [
    ['short', bytes(47)],
    ['long', bytes(49)],
    ['forged', bytes(48)],
    ['an all-zero key', concat(new Uint8Array(32), bytes(16))]
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
  const hello = writeHello(bytes(16))
  const changed = (at: number, ...values: number[]) => {
    const copy = hello.slice()
    copy.set(values, at)
    return copy
  }
  for (const role of ['I', 'R'] as const) {
    const { honest } = scene(role)
    for (const [name, body] of [
      ['no id', concat(ZERO, hello.subarray(16))],
      ['our own id', concat(honest.id, hello.subarray(16))],
      ['an older version', changed(16, 1)],
      ['a small rx_max', changed(21, 0, 0x10, 0x0f, 0xff)],
      ['one byte short', hello.subarray(0, 24)],
      ['one byte long', concat(hello, u8(0))]
    ] as const) {
      const { simulation, raw, link, honest } = scene(role, {
        id: bytes(16),
        hello: name === 'our own id' ? false : body
      })
      if (name === 'our own id') {
        simulation.run(1000)
        raw.send(frameBytes(frameType.hello, writeHello(honest.id)))
      }
      simulation.run(2000)
      t.equal(link.state, 'over', `${role}: ${name}`)
      t.equal(raw.closed, undefined, `${role}: ${name}: no reason`)
    }
    for (const [name, body] of [
      ['a later version and unknown features', changed(16, 9, 1, 2, 3, 4)],
      ['a larger rx_max', changed(21, 255, 255, 255, 255)]
    ] as const) {
      const { simulation, link } = scene(role, { id: bytes(16), hello: body })
      simulation.run(2000)
      t.equal(link.state, 'open', `${role}: ${name} is taken`)
    }
  }
  const other = scene('I', { id: bytes(16), hello: writeHello(bytes(16).fill(8)) })
  other.simulation.run(1000)
  t.equal(other.link.state, 'over', 'HELLO of I is of the id in W0')
  const dialled = scene(
    'R',
    { id: bytes(16).fill(0xff), hello: writeHello(bytes(16)) },
    { dialledId: bytes(16).fill(0xff) }
  )
  dialled.simulation.run(1000)
  t.equal(dialled.link.state, 'over', 'HELLO of R is of the id that was dialled')
})

t.test('wrong frames close the link with their code', async t => {
  const m = (length: number, r = 0) => concat(u32(r), bytes(length))
  const table: [string, 'I' | 'R' | 'both', Uint8Array, number | undefined][] = [
    ['an empty message', 'both', new Uint8Array(0), 1002],
    ['an unknown type', 'both', frameBytes(0x06), 1002],
    ['type zero', 'both', frameBytes(0), 1002],
    ['HELLO twice', 'both', frameBytes(frameType.hello, bytes(25)), 1002],
    ['a header cut off', 'both', Uint8Array.of(frameType.ping, 0, 0), 1002],
    ['a body cut off', 'both', frameBytes(frameType.ping, bytes(8)).subarray(0, 12), 1002],
    ['a length beyond everything', 'both', concat(u8(frameType.data), u32(0xffffffff), bytes(9)), 1002],
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
    ['a long SAME', 'both', frameBytes(frameType.same, bytes(33)), 1002],
    ['an unknown LEAVE', 'both', frameBytes(frameType.leave, bytes(8)), undefined],
    ['a SAME that matches nothing', 'both', frameBytes(frameType.same, bytes(32)), undefined],
    ['a PONG that was not asked for', 'both', frameBytes(frameType.pong, bytes(8)), undefined],
    ['DATA for an unknown handle', 'both', frameBytes(frameType.data, bytes(20)), undefined],
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

t.test('text and oversize messages close the link', async t => {
  for (const code of [1003, 1009] as const) {
    const { simulation, raw, link } = scene('I')
    simulation.run(500)
    link.receiveBad(code)
    simulation.run(500)
    t.equal(raw.closed, code)
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
