// docs/protocol/link.md §9, "Data": what reaches a channel from a link, and what never does. The hostile end is a member that is
// honest up to the round and says then what a test wants.
import t from 'tap'
import { concat, u64, u8 } from '../../../src/core/bytes.ts'
import { encodePeerMessageHead, encodePresence } from '../../../src/core/link/wire/channel-message.ts'
import { RX_MAX } from '../../../src/core/link/constants.ts'
import { frameType } from '../../../src/core/link/wire/frames.ts'
import type { Link } from '../../../src/core/link/session/link.ts'
import {
  Simulation,
  mismatches,
  type SimulatedProxy,
  type SimulationOptions,
  type Wire
} from '../../support/simulation.ts'

const NOTHING = new Uint8Array(0)
const text = (value: string) => new Uint8Array(Buffer.from(value))
const idBytes = (id: string) => concat(u8(id.length), text(id))

interface Scene {
  simulation: Simulation
  honest: SimulatedProxy
  member: SimulatedProxy
  /** The member's end. */
  link: Link
  wire: Wire
  local: string
  /** The member's peer. */
  remote: string
  /** Sends one whole channel message on the handle of a channel. */
  say: (message: Uint8Array, name?: string) => void
  data: (flags: number, bytes: Uint8Array, name?: string) => void
  texts: () => string[]
}

/** An honest proxy and a member, matched in `x`. */
function scene(options: SimulationOptions = {}): Scene {
  const simulation = new Simulation(1, options)
  const honest = simulation.proxy('a')
  const member = simulation.proxy('m')
  const local = honest.join('x')
  const remote = member.join('x')
  const {
    links: [link],
    wire
  } = simulation.dial(member, honest)
  simulation.run(1000)
  const data = (flags: number, bytes: Uint8Array, name = 'x') =>
    link.session!.send({ handle: link.session!.traffic.handles.of(name)!.bytes, flags, head: bytes, payload: NOTHING })
  return {
    simulation,
    honest,
    member,
    link,
    wire,
    local,
    remote,
    data,
    say: (message, name) => data(3, message, name),
    texts: () => honest.seen.messages.map(message => message.text)
  }
}

const broadcastBytes = (source: string, seq: number, payload: string | Uint8Array, kind = 0) =>
  concat(u8(3), idBytes(source), u64(seq), u8(kind), typeof payload === 'string' ? text(payload) : payload)

t.test('payloads that are not exactly one JSON value never reach a channel', async t => {
  const hostile: [string, string | Uint8Array][] = [
    ['breaking out of data', '1,"source":"x"'],
    ['closing the envelope', '1}'],
    ['nothing', ''],
    ['two values', '1 2'],
    ['two objects', '{}{}'],
    ['white space in front', ' 1'],
    ['white space behind', '1\n'],
    ['a byte order mark', '\ufeff1'],
    ['a lone continuation byte', Uint8Array.of(0x22, 0x80, 0x22)],
    ['a lone lead byte', Uint8Array.of(0x22, 0xc3, 0x22)],
    ['an encoded surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
    ['10 000 levels', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['129 levels', '['.repeat(129) + ']'.repeat(129)],
    ['a control character in a string', '"\n"'],
    ['NaN', 'NaN'],
    ['a comment', '/**/1'],
    ['single quotes', "'x'"],
    ['a trailing comma', '[1,]'],
    ['a leading zero', '01']
  ]
  const { simulation, say, texts, remote, link, honest } = scene()
  for (const [i, [, payload]] of hostile.entries()) say(broadcastBytes(remote, i + 1, payload))
  simulation.run(1000)
  t.strictSame(texts(), [])
  say(broadcastBytes(remote, 100, '['.repeat(128) + ']'.repeat(128)))
  say(broadcastBytes(remote, 101, Uint8Array.of(0xff, 0), 1))
  simulation.run(1000)
  t.equal(texts().length, 2, '128 levels and binary are taken')
  t.equal([...honest.mesh.sessions()][0]!.traffic.dropped.notJson, hostile.length)
  for (let i = 0; i < 32; i++) say(broadcastBytes(remote, 200 + i, '1}'))
  simulation.run(1000)
  t.equal(link.state, 'over', 'too many of them close the link')
  t.match(honest.seen.endings, [{ code: 1008, by: 'us' }])
})

t.test('a hostile name is refused, and the link goes on', async t => {
  const { simulation, honest, link, say, remote, texts } = scene()
  const heard = () => [...honest.mesh.sessions()][0]!.traffic.computerName
  const name = (body: Uint8Array) => {
    link.write(frameType.name, text('Kitchen'))
    simulation.run(100)
    t.equal(heard(), 'Kitchen')
    link.write(frameType.name, body)
    simulation.run(100)
  }
  for (const body of [
    new Uint8Array(0),
    text('x'.repeat(65)),
    new Uint8Array(65_000).fill(0x78),
    Uint8Array.of(0x61, 0xff),
    text('a\u202eb'),
    text('a\u001b[2J')
  ]) {
    name(body)
    t.equal(heard(), undefined)
  }
  say(broadcastBytes(remote, 1, '1'))
  simulation.run(100)
  t.equal(texts().length, 1)
})

t.test('a name is known only while a channel is shared, and a change is told', async t => {
  const simulation = new Simulation(1, { timings: { lingerMs: 60 } })
  const a = simulation.proxy('a')
  const b = simulation.proxy('b')
  a.computerName = 'Kitchen'
  const heard = () => Array.from(b.mesh.sessions(), ({ traffic }) => traffic.computerName)
  simulation.dial(a, b)
  a.join('only here')
  simulation.run(1000)
  t.strictSame(heard(), [undefined], 'no channel is shared')
  const peer = a.join('x')
  b.join('x')
  simulation.run(1000)
  t.strictSame(heard(), ['Kitchen'])
  a.computerName = 'Cellar'
  a.mesh.computerNamed()
  simulation.run(1000)
  t.strictSame(heard(), ['Cellar'])
  a.leave('x', peer)
  simulation.run(1000)
  t.strictSame(heard(), [undefined], 'forgotten with the last channel')
})

t.test('malformed channel messages close the link', async t => {
  const id = idBytes('p')
  for (const [name, message] of [
    ['nothing', new Uint8Array(0)],
    ['an unknown type', concat(u8(5), id)],
    ['type zero', concat(u8(0), id)],
    ['JOIN without id', u8(1)],
    ['JOIN with an empty id', concat(u8(1), u8(0))],
    ['JOIN with 65 bytes', concat(u8(1), idBytes('x'.repeat(65)))],
    ['JOIN with a cut id', concat(u8(1), u8(9), text('abc'))],
    ['JOIN with something behind', concat(u8(1), id, u8(0))],
    ['a space in an id', concat(u8(1), idBytes('a b'))],
    ['a quote in an id', concat(u8(1), idBytes('a"b'))],
    ['a letter beyond ASCII in an id', concat(u8(1), u8(2), Uint8Array.of(0xc3, 0xa4))],
    ['a broadcast without seq', concat(u8(3), id)],
    ['a broadcast with a cut seq', concat(u8(3), id, u64(1).subarray(0, 7))],
    ['seq zero', concat(u8(3), id, u64(0), u8(0), text('1'))],
    ['seq 2^53', concat(u8(3), id, Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0), u8(0), text('1'))],
    ['kind 2', concat(u8(3), id, u64(1), u8(2), text('1'))],
    ['a direct message without target', concat(u8(4), id)],
    ['a direct message with an empty target', concat(u8(4), id, u8(0), u64(1), u8(0), text('1'))]
  ] as const) {
    const { simulation, say, honest, texts } = scene()
    say(message)
    simulation.run(500)
    t.match(honest.seen.endings, [{ code: 1002, by: 'us' }], name)
    t.strictSame(texts(), [])
  }
})

t.test('fragments are put together, and wrong ones close the link', async t => {
  const good = scene()
  const message = broadcastBytes(good.remote, 1, '"whole"')
  good.data(1, message.subarray(0, 5))
  good.data(0, new Uint8Array(0))
  good.data(0, message.subarray(5, 6))
  good.data(2, message.subarray(6))
  good.simulation.run(500)
  t.strictSame(good.texts(), ['"whole"'])

  const other = new Uint8Array(1)
  for (const [name, code, say] of [
    ['an unknown flag', 1002, ({ data }: Scene) => data(4, other)],
    ['an unknown flag beside', 1002, ({ data }: Scene) => data(7, other)],
    ['no beginning', 1002, ({ data }: Scene) => data(2, other)],
    ['neither first nor last', 1002, ({ data }: Scene) => data(0, other)],
    [
      'a beginning inside',
      1002,
      ({ data }: Scene) => {
        data(1, other)
        data(1, other)
      }
    ],
    [
      'a whole message inside',
      1002,
      ({ data }: Scene) => {
        data(1, other)
        data(3, other)
      }
    ],
    [
      'too long',
      1009,
      ({ data }: Scene) => {
        data(1, new Uint8Array(65_507))
        for (let i = 0; i < 17; i++) data(0, new Uint8Array(65_507))
      }
    ]
  ] as [string, number, (scene: Scene) => void][]) {
    const bad = scene()
    say(bad)
    bad.simulation.run(2000)
    t.match(bad.honest.seen.endings, [{ code, by: 'us' }], name)
  }
})

t.test('a fourth unfinished message closes the link', async t => {
  const { simulation, honest, member, data } = scene()
  for (const name of ['c0', 'c1', 'c2', 'c3']) {
    honest.join(name)
    member.join(name)
  }
  simulation.run(3000)
  for (const name of ['c0', 'c1', 'c2']) data(1, u8(3), name)
  simulation.run(500)
  t.strictSame(honest.seen.endings, [])
  data(1, u8(3), 'c3')
  simulation.run(500)
  t.match(honest.seen.endings, [{ code: 1009 }])
})

t.test('unfinished messages hold 64 MiB over all links together, and each for 60 s', async t => {
  const simulation = new Simulation(1, { timings: { pingMs: 600_000, deadMs: 1_200_000 } })
  const honest = simulation.proxy('a')
  const names = ['x', 'y', 'z']
  for (const name of names) honest.join(name)
  const links = Array.from({ length: 30 }, (_, place) => {
    const member = simulation.proxy(`m${place}`)
    for (const name of names) member.join(name)
    return simulation.dial(member, honest).links[0]
  })
  simulation.run(5000)
  const part = new Uint8Array(65_507)
  for (const link of links) {
    const { handles } = link.session!.traffic
    for (const name of names)
      for (let flags = 1, i = 0; i < 16; i++, flags = 0)
        link.session!.send({ handle: handles.of(name)!.bytes, flags, head: part, payload: NOTHING })
    simulation.run(100)
  }
  simulation.run(1000)
  const refused = honest.seen.endings.filter(({ code, by }) => code === 1013 && by === 'us')
  // Buffers double, so 16 fragments hold 1 MiB: 3 MiB for each link.
  t.equal(refused.length, 30 - 21)
  t.equal(honest.seen.endings.length, refused.length)
  simulation.run(60_000)
  t.equal(honest.seen.endings.filter(({ code, by }) => code === 1009 && by === 'us').length, 21)
})

t.test("a message of a link's full length arrives, one byte more is not sent", async t => {
  const { simulation, honest, member, local } = scene()
  const head = encodePeerMessageHead({ source: local, seq: 1, binary: true }).length
  t.match(honest.broadcast('x', local, 'y'.repeat(RX_MAX - head + 1), true), { peers: 0, missed: 1 })
  t.match(honest.broadcast('x', local, 'y'.repeat(RX_MAX - head), true), { peers: 1, missed: 0 })
  t.notOk(honest.mesh.direct('x', { source: local, target: 'm1', seq: 9, binary: true, payload: Buffer.alloc(RX_MAX) }))
  simulation.run(2000)
  t.equal(member.seen.messages[0]?.text.length, RX_MAX - head)
  t.strictSame(honest.seen.endings, [])
})

t.test('DATA for unknown handles is dropped, and a flood of it closes the link', async t => {
  const { simulation, honest, link, texts, remote } = scene()
  const unknown = new Uint8Array(8).fill(9)
  const burst = () => {
    for (let i = 0; i < 32; i++)
      link.session!.send({ handle: unknown, flags: 3, head: broadcastBytes(remote, 1, '1'), payload: NOTHING })
  }
  burst()
  simulation.run(11_000)
  burst()
  simulation.run(1000)
  t.strictSame(honest.seen.endings, [], '32 in ten seconds are borne')
  burst()
  simulation.run(1000)
  t.match(honest.seen.endings, [{ code: 1008 }])
  t.strictSame(texts(), [])
})

t.test('the handle of one channel never delivers to another', async t => {
  const { simulation, honest, member, say, remote } = scene()
  honest.join('y')
  const other = member.join('y')
  simulation.run(2000)
  say(broadcastBytes(remote, 1, '1'), 'x')
  say(broadcastBytes(other, 1, '2'), 'y')
  say(broadcastBytes(remote, 2, '3'), 'y') // joined in x only
  simulation.run(1000)
  t.strictSame(
    honest.seen.messages.map(({ name, text }) => `${name} ${text}`),
    ['x 1', 'y 2']
  )
})

t.test('who is not joined is not heard', async t => {
  const { simulation, honest, say, remote, local, texts } = scene()
  say(broadcastBytes('stranger', 1, '"stranger"'))
  say(broadcastBytes(local, 1, '"in our own name"'))
  say(broadcastBytes(remote, 5, '5'))
  say(concat(u8(4), idBytes(remote), idBytes('nobody'), u64(6), u8(0), text('"to nobody"')))
  say(concat(u8(4), idBytes(remote), idBytes(remote), u64(7), u8(0), text('"to itself"')))
  say(concat(u8(4), idBytes(remote), idBytes(local), u64(8), u8(0), text('8')))
  say(encodePresence('part', remote))
  say(broadcastBytes(remote, 9, '"gone"'))
  simulation.run(1000)
  t.strictSame(texts(), ['5', '8'])
  t.equal(honest.mesh.dropped, 5)
})

t.test('an id that is local or of another proxy is refused for good, and 5000 joined ids are enough', async t => {
  const { simulation, honest, say, local } = scene()
  const third = simulation.proxy('t')
  const taken = third.join('x')
  simulation.dial(third, honest)
  simulation.run(1000)
  say(encodePresence('join', local))
  say(encodePresence('join', taken))
  say(broadcastBytes(taken, 1, '"not mine"'))
  simulation.run(1000)
  t.equal(honest.seen.messages.length, 0)
  honest.leave('x', local)
  honest.join('x')
  third.leave('x', taken)
  simulation.run(1000)
  t.notOk(honest.remotes('x').includes(local), 'also when the id is free again')
  t.notOk(honest.remotes('x').includes(taken))
  t.equal(honest.mesh.links.size, 2)

  const full = scene()
  for (let i = 0; i < 5100; i++) full.say(encodePresence('join', `id${i}`))
  full.simulation.run(2000)
  t.equal(full.honest.remotes('x').length, 5000)
  t.strictSame(full.honest.seen.endings, [])
})

t.test('a repeated JOIN changes nothing, an unknown PART neither', async t => {
  const { simulation, honest, say, remote } = scene()
  say(encodePresence('join', remote))
  say(encodePresence('part', 'nobody'))
  say(broadcastBytes(remote, 1, '1'))
  say(encodePresence('join', remote))
  simulation.run(500)
  t.equal(honest.seen.messages.length, 1)
  t.equal(honest.seen.events.filter(event => event.includes(remote)).length, 1)
  t.strictSame(honest.seen.endings, [])
})

t.test('LEAVE, then a new match: other handle, same peers', async t => {
  const { simulation, honest, member, link } = scene({ timings: { lingerMs: 50 } })
  const before = link.session!.traffic.handles.of('x')!.key
  honest.leaveAll('x')
  simulation.run(1000)
  t.equal(link.session!.traffic.handles.of('x'), undefined, 'the member was told')
  const local = honest.join('x')
  simulation.run(2000)
  t.not(link.session!.traffic.handles.of('x')!.key, before)
  t.strictSame(mismatches(honest, member), [])
  honest.broadcast('x', local, '1')
  simulation.run(100)
  t.equal(member.seen.messages.at(-1)?.text, '1')
})

t.test('DATA for a handle that we have left is no offence until LEAVE is answered', async t => {
  const { simulation, honest, link, remote, wire } = scene({ timings: { lingerMs: 50 } })
  const handle = link.session!.traffic.handles.of('x')!.bytes
  const goOn = wire.stall()
  honest.leaveAll('x')
  simulation.run(60) // our LEAVE is under way
  for (let i = 0; i < 100; i++)
    link.session!.send({ handle, flags: 3, head: broadcastBytes(remote, i + 1, '1'), payload: NOTHING })
  goOn()
  simulation.run(1000)
  t.strictSame(honest.seen.endings, [])
  t.strictSame(honest.seen.messages, [])
})

t.test('a page reload costs no round', async t => {
  const { simulation, honest, member, link } = scene()
  const before = link.session!.traffic.handles.of('x')!.key
  const sweeps = link.scheduler!.sweeps
  honest.leaveAll('x')
  simulation.run(200)
  t.strictSame(member.remotes('x'), [], 'the PART goes out at once')
  honest.join('x')
  simulation.run(200)
  t.strictSame(mismatches(honest, member), [])
  t.equal(link.session!.traffic.handles.of('x')!.key, before)
  t.equal(link.scheduler!.sweeps, sweeps)
})

t.test('both directions get new keys under traffic', async t => {
  const { simulation, honest, member, local, wire } = scene({ timings: { rekeyMs: 50 } })
  for (let i = 1; i <= 200; i++) {
    honest.broadcast('x', local, String(i))
    member.broadcast('x', member.peers('x')[0]!, String(i))
    simulation.run(7)
  }
  simulation.run(500)
  const expected = Array.from({ length: 200 }, (_, i) => String(i + 1))
  t.strictSame(
    honest.seen.messages.map(({ text }) => text),
    expected
  )
  t.strictSame(
    member.seen.messages.map(({ text }) => text),
    expected
  )
  t.ok(wire.ends[0].sent.length > 20)
})

t.test('a queue that is not taken, or grows beyond 16 MiB, closes the link', async t => {
  const stuck = scene()
  stuck.simulation.run(2000)
  stuck.wire.ends[1].stalled = true
  stuck.honest.broadcast('x', stuck.local, '1')
  stuck.simulation.run(4900)
  t.strictSame(stuck.honest.seen.endings, [])
  stuck.simulation.run(200)
  t.match(stuck.honest.seen.endings, [{ code: 4001, by: 'us' }])

  const full = scene()
  full.wire.ends[1].queuedBytes = 17 * 2 ** 20
  full.honest.broadcast('x', full.local, '1')
  full.simulation.run(100)
  t.match(full.honest.seen.endings, [{ code: 4001, by: 'us' }])
})

t.test('a silent link is pinged, then dead; a quiet one lives', async t => {
  const quiet = scene()
  quiet.simulation.run(200_000)
  t.strictSame(quiet.honest.seen.endings, [])
  t.type([...quiet.honest.mesh.links][0]!.rttMs, 'number')
  const dead = scene()
  dead.wire.ends[0].tamper = () => undefined
  dead.simulation.run(44_000)
  t.equal(dead.honest.open().length, 1)
  dead.simulation.run(1500)
  t.match(dead.honest.seen.endings, [{ code: 4001, by: 'us' }])
})
