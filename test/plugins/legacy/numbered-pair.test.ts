// Pairs of data and control sockets without a network: sockets are recorders, turns end when the test says so.
import t, { type Test } from 'tap'
import type { ErrorCode } from '../../../src/core/errors.ts'
import { Outbox } from '../../../src/core/hub/outbox.ts'
import type { Peer } from '../../../src/core/hub/peer.ts'
import type { Dialect, DialectSocket } from '../../../src/plugins/channel-sockets/dialect.ts'
import { NumberedRooms } from '../../../src/plugins/legacy/numbered-room.ts'
import { NumberedControl, NumberedData } from '../../../src/plugins/legacy/numbered.ts'
import type { Half } from '../../../src/plugins/legacy/numbered-pair.ts'
import { createTestHub, joinTestPeer, type TestHub, type TestPeer } from '../../support/hub.ts'
import { seededRandom } from '../../support/random.ts'

/** A socket that records its messages as texts, and its end. */
interface FakeSocket {
  readonly socket: DialectSocket
  readonly heard: string[]
  /** Why the proxy ended it; undefined: it did not. */
  ended: ErrorCode | undefined
  over: boolean
  /** What joining came to. */
  joined: Promise<Peer | ErrorCode>
  close(): void
}

/** The texts of unmasked frames. */
function textsOf(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]!
    const [start, length] = short < 126 ? [at + 2, short] : [at + 4, bytes.readUInt16BE(at + 2)]
    texts.push(bytes.toString('utf8', start, start + length))
    at = start + length
  }
  return texts
}

function createRooms(hub: TestHub, seed: number): NumberedRooms {
  const random = seededRandom(seed)
  return new NumberedRooms(
    hub.channels,
    count => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
    60_000
  )
}

/** Plays the part of a connection for a dialect. */
function openFake(
  t: Test,
  hub: TestHub,
  rooms: NumberedRooms,
  half: Half,
  number: string,
  origin?: string
): FakeSocket {
  const seat = { name: 'room', scope: 'network', number, half } as const
  const dialect: Dialect = half === 'data' ? new NumberedData(rooms, seat) : new NumberedControl(rooms, seat)
  const heard: string[] = []
  let peer: Peer | undefined
  const finish = (cause?: ErrorCode): void => {
    if (fake.over) return
    fake.over = true
    fake.ended = cause
    dialect.leave!(socket, peer, cause)
    socket.outbox.flush()
    socket.outbox.close()
  }
  const socket: DialectSocket = {
    hub: hub.channels,
    outbox: new Outbox(
      hub.turns,
      {
        write: bytes => {
          heard.push(...textsOf(bytes))
        },
        queuedBytes: 0,
        stalled: () => finish('NWS_ERR_PEER_TOO_SLOW')
      },
      1 << 20
    ),
    get peer() {
      return peer!
    },
    origin,
    maxDataDepth: 16,
    takesBinary: false,
    send: frame => socket.outbox.push(frame),
    acknowledge: () => {},
    whenRead: run => run(),
    sendPresence: frame => socket.outbox.pushPresence(frame),
    refuse: code => t.fail(code),
    end: finish
  }
  const asPeer = () =>
    hub.channels.addLocal({
      name: 'room',
      scope: 'network',
      dialect: dialect.name,
      origin,
      isOpen: () => !fake.over,
      port: made => dialect.createPort(socket, made)
    })
  const enter = async (): Promise<Peer | ErrorCode> => {
    try {
      peer = await dialect.join!(socket, asPeer)
      return peer
    } catch (error) {
      const { code } = error as { code: ErrorCode }
      finish(code)
      return code
    }
  }
  const fake: FakeSocket = {
    socket,
    heard,
    ended: undefined,
    over: false,
    joined: Promise.resolve('NWS_ERR_INTERNAL'),
    close: () => finish()
  }
  return Object.assign(fake, { joined: enter() })
}

/** The peers that a control socket was told: numbers, in the order in which they came. */
function bookOf(t: Test, own: string, heard: readonly string[]): string[] {
  const there: string[] = []
  for (const text of heard) {
    const { Action, Source, Target } = JSON.parse(text) as { Action: string; Source: number; Target: number }
    if (String(Source) !== own || String(Target) === own) t.fail(text)
    const at = there.indexOf(String(Target))
    if (Action === 'connect' ? at >= 0 : at < 0) t.fail(`${Action} twice: ${text}`)
    if (Action === 'connect') there.push(String(Target))
    else there.splice(at, 1)
  }
  return there
}

t.test(
  'whatever the order of joins and leaves, each control socket knows who is there, and nothing is left at the end',
  async t => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed)
      const hub = createTestHub()
      const rooms = createRooms(hub, seed)
      const numbers = ['1111', '2222', '3333']
      const data = new Map<string, FakeSocket>()
      const control = new Map<string, FakeSocket>()
      const foreign: TestPeer[] = []
      for (let step = 0; step < 120; step++) {
        const number = numbers[Math.floor(random() * numbers.length)]!
        const dice = random()
        if (dice < 0.25) {
          if (!data.has(number)) data.set(number, openFake(t, hub, rooms, 'data', number))
        } else if (dice < 0.5) {
          if (!control.has(number)) control.set(number, openFake(t, hub, rooms, 'control', number))
        } else if (dice < 0.62) {
          data.get(number)?.close()
        } else if (dice < 0.74) {
          control.get(number)?.close()
        } else if (dice < 0.9) {
          foreign.push(await joinTestPeer(hub, 'room'))
        } else if (foreign.length > 0) {
          const [gone] = foreign.splice(Math.floor(random() * foreign.length), 1)
          hub.channels.removeLocal(gone!.peer)
        }
        await data.get(number)?.joined
        for (const sockets of [data, control]) for (const [id, { over }] of sockets) if (over) sockets.delete(id)
        if (random() < 0.5) hub.endTurn()
        if (random() < 0.2) check()
      }
      check()
      for (const fake of [...data.values(), ...control.values()]) fake.close()
      for (const { peer } of foreign) hub.channels.removeLocal(peer)
      hub.endTurn()
      t.equal(rooms.size, 0, `seed ${seed}: no room is left`)
      t.equal(hub.channels.size, 0)

      function check(): void {
        hub.endTurn()
        const members = [...(hub.channels.find('room', 'network')?.members() ?? [])]
        const foreigners = members.filter(({ dialect }) => dialect !== 'numbered').length
        const books = [...control].map(([number, { heard }]) => ({ number, book: bookOf(t, number, heard) }))
        for (const { number, book } of books) {
          const others = [...data.keys()].filter(other => other !== number)
          if (book.length !== foreigners + others.length || others.some(other => !book.includes(other)))
            t.strictSame(book, others, `seed ${seed}: ${foreigners} foreigners and the others`)
        }
        const all = books.map(({ book }) => book.filter(number => !numbers.includes(number)).join())
        if (new Set(all).size > 1)
          t.strictSame(all, [], `seed ${seed}: all know foreigners by the same numbers, in the same order`)
      }
    }
  }
)

t.test('a seat is taken by one socket, of one origin', async t => {
  const hub = createTestHub()
  const rooms = createRooms(hub, 1)
  const seat = (half: Half) => ({ name: 'room', scope: 'network', number: '1111', half }) as const
  t.equal(rooms.refusal(seat('data'), 'a'), undefined)
  const control = openFake(t, hub, rooms, 'control', '1111', 'a')
  t.equal(rooms.refusal(seat('control'), 'a'), 'NWS_ERR_PEER_NUMBER_TAKEN')
  t.equal(rooms.refusal(seat('data'), 'b'), 'NWS_ERR_PEER_NUMBER_ORIGIN')
  t.equal(rooms.refusal(seat('data'), undefined), 'NWS_ERR_PEER_NUMBER_ORIGIN')
  t.equal(rooms.refusal(seat('data'), 'a'), undefined)
  t.equal(
    await openFake(t, hub, rooms, 'data', '1111', 'b').joined,
    'NWS_ERR_PEER_NUMBER_ORIGIN',
    'asked again after the upgrade'
  )
  t.equal(await openFake(t, hub, rooms, 'control', '1111', 'a').joined, 'NWS_ERR_PEER_NUMBER_TAKEN')
  const data = openFake(t, hub, rooms, 'data', '1111', 'a')
  t.equal(await control.joined, await data.joined, 'both speak for one peer')
  t.equal(rooms.refusal(seat('data'), 'a'), 'NWS_ERR_PEER_NUMBER_TAKEN')
  data.close()
  t.equal(control.ended, 'NWS_ERR_DATA_SOCKET_CLOSED')
  t.equal(rooms.refusal(seat('data'), 'b'), undefined)
  t.equal(rooms.size, 0)
})

t.test('a control socket whose data socket is ended by the proxy hears the same reason', async t => {
  const hub = createTestHub()
  const rooms = createRooms(hub, 1)
  const data = openFake(t, hub, rooms, 'data', '1111')
  const control = openFake(t, hub, rooms, 'control', '1111')
  await control.joined
  data.socket.end('NWS_ERR_RATE_LIMITED')
  t.equal(control.ended, 'NWS_ERR_RATE_LIMITED')
})

t.test('a peer counts as cut off if the proxy ends its data socket, not if it ends the control socket', async t => {
  for (const [ended, wasCut] of [
    ['data', true],
    ['control', false]
  ] as const) {
    const hub = createTestHub()
    const rooms = createRooms(hub, 1)
    const sockets = {
      data: openFake(t, hub, rooms, 'data', '1111'),
      control: openFake(t, hub, rooms, 'control', '1111')
    }
    const peer = (await sockets.data.joined) as Peer
    sockets[ended].socket.end('NWS_ERR_PEER_SILENT')
    sockets.data.close()
    t.notOk(peer.joined)
    t.equal(peer.wasCut, wasCut, ended)
  }
})

t.test('what a control socket is told stays in order: who came, then what they say', async t => {
  const hub = createTestHub()
  const rooms = createRooms(hub, 1)
  const data = openFake(t, hub, rooms, 'data', '1111')
  const peer = (await data.joined) as Peer
  const other = await joinTestPeer(hub, 'room')
  const payload = { binary: false, bytes: Buffer.from('"x"') }
  t.equal(hub.channels.message(other.peer, peer.id, payload), 'delivered', 'kept for the control socket')
  const control = openFake(t, hub, rooms, 'control', '1111')
  hub.channels.message(other.peer, peer.id, payload)
  hub.channels.removeLocal(other.peer)
  hub.endTurn()
  t.strictSame(
    control.heard.map(text => (JSON.parse(text) as { Action: string }).Action),
    ['connect', 'message', 'message', 'disconnect']
  )
})
