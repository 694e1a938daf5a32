// Channels without sockets: who hears what, in which order, and who may come in.
import t from 'tap'
import type { Carrier } from '../../../src/core/hub/carrier.ts'
import type { Channel } from '../../../src/core/hub/channel.ts'
import type { Encoding } from '../../../src/core/hub/encoding.ts'
import { Outbox } from '../../../src/core/hub/outbox.ts'
import { QueueBudget } from '../../../src/core/hub/queue-budget.ts'
import { TurnQueue } from '../../../src/core/hub/turn-queue.ts'
import { createTestHub, joinTestPeer, lineEncoding, text, type TestPeer } from '../../support/hub.ts'
import { seededRandom } from '../../support/random.ts'

t.test('a broadcast reaches all others once, in order, in one write per turn', async t => {
  const hub = createTestHub()
  const [a, b, c] = [await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x')]
  const other = await joinTestPeer(hub, 'y')
  hub.endTurn()
  const before = [a.writes(), b.writes(), c.writes()]
  for (let i = 0; i < 5; i++)
    t.strictSame(hub.channels.broadcast(a.peer, text(`${i}`)), { local: 2, remote: 0, missed: 0 })
  hub.channels.message(b.peer, c.peer.id, text('direct'))
  hub.channels.broadcast(b.peer, text('last'))
  hub.endTurn()
  t.strictSame(a.heard, ['+p2', '+p3', 'p2:last'])
  t.strictSame(b.heard, ['+p1', '+p3', 'p1:0', 'p1:1', 'p1:2', 'p1:3', 'p1:4'])
  t.strictSame(c.heard, ['+p1', '+p2', 'p1:0', 'p1:1', 'p1:2', 'p1:3', 'p1:4', 'p2>direct', 'p2:last'])
  t.strictSame(other.heard, [])
  t.strictSame(
    [a.writes(), b.writes(), c.writes()],
    before.map(count => count + 1)
  )
})

t.test('large messages are written alone, in their place among small ones', async t => {
  const hub = createTestHub()
  const a = await joinTestPeer(hub, 'x')
  const b = await joinTestPeer(hub, 'x', { maxQueued: 1_000_000 })
  hub.endTurn()
  const before = b.writes()
  const large = 'x'.repeat(40_000)
  for (const line of ['1', '2', large, large, '3', '4', large]) hub.channels.message(a.peer, b.peer.id, text(line))
  hub.channels.broadcast(a.peer, text('last'))
  hub.endTurn()
  t.strictSame(
    b.heard.map(line => line.replace(/x+$/, 'large')),
    ['+p1', 'p1>1', 'p1>2', 'p1>large', 'p1>large', 'p1>3', 'p1>4', 'p1>large', 'p1:last']
  )
  t.equal(b.writes() - before, 6)
})

t.test('a broadcast is encoded once per encoding, and text once for those that share it', async t => {
  let encodings = 0
  const plain: Encoding = {
    name: 'plain',
    broadcast: (source, payload) => {
      encodings++
      return lineEncoding.broadcast(source, payload)
    }
  }
  const rich: Encoding = {
    name: 'rich',
    sameText: plain,
    broadcast: (source, payload) => {
      encodings++
      return Buffer.from(payload.binary ? `${source.id}:rich\n` : `${source.id}:${payload.bytes.toString()}\n`)
    }
  }
  const hub = createTestHub()
  const sender = await joinTestPeer(hub, 'x', { encoding: rich })
  const peers = [plain, rich, plain, rich, plain].map(encoding => joinTestPeer(hub, 'x', { encoding }))
  const heard = (await Promise.all(peers)).map(peer => peer.heard)
  hub.channels.broadcast(sender.peer, text('a'))
  t.equal(encodings, 1)
  hub.channels.broadcast(sender.peer, { binary: true, bytes: Buffer.from('b') })
  t.equal(encodings, 3)
  hub.endTurn()
  t.strictSame(
    heard.map(lines => lines.slice(-2)),
    [
      ['p1:a', 'p1:b'],
      ['p1:a', 'p1:rich'],
      ['p1:a', 'p1:b'],
      ['p1:a', 'p1:rich'],
      ['p1:a', 'p1:b']
    ]
  )
})

t.test('random joins, leaves and messages: membership, order and counts stay exact', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed)
    const hub = createTestHub()
    const present: TestPeer[] = []
    const expected = new Map<TestPeer, string[]>()
    for (let step = 0; step < 300; step++) {
      const dice = random()
      const pick = () => present[Math.floor(random() * present.length)]!
      if (present.length === 0 || dice < 0.2) {
        const newcomer = await joinTestPeer(hub, 'x')
        expected.set(
          newcomer,
          present.map(peer => `+${peer.peer.id}`)
        )
        for (const peer of present) expected.get(peer)!.push(`+${newcomer.peer.id}`)
        present.push(newcomer)
      } else if (dice < 0.35) {
        const [gone] = present.splice(Math.floor(random() * present.length), 1)
        hub.channels.removeLocal(gone!.peer)
        for (const peer of present) expected.get(peer)!.push(`-${gone!.peer.id}`)
      } else if (dice < 0.75) {
        const sender = pick()
        const { local } = hub.channels.broadcast(sender.peer, text(`${step}`))
        if (local !== present.length - 1) t.fail('the count of receivers is exact')
        for (const peer of present) if (peer !== sender) expected.get(peer)!.push(`${sender.peer.id}:${step}`)
      } else if (dice < 0.85) {
        const [sender, target] = [pick(), pick()]
        hub.channels.message(sender.peer, target.peer.id, text(`${step}`))
        expected.get(target)!.push(`${sender.peer.id}>${step}`)
      } else {
        hub.endTurn()
      }
      if ((hub.channels.find('x', 'network')?.localCount ?? 0) !== present.length) t.fail('the count of peers is exact')
    }
    hub.endTurn()
    for (const [peer, lines] of expected)
      if (peer.heard.join() !== lines.join()) t.strictSame(peer.heard, lines, `seed ${seed}`)
    t.equal(expected.size > 20, true, `seed ${seed}: ${expected.size} peers heard exactly what they should`)
  }
})

t.test('the last one out closes the channel, and a new one begins from nothing', async t => {
  const hub = createTestHub()
  const events: string[] = []
  hub.channels.hooks.channelOpened.push(channel => events.push(`opened ${channel.name}`))
  hub.channels.hooks.channelClosed.push(channel => events.push(`closed ${channel.name}`))
  const a = await joinTestPeer(hub, 'x')
  hub.channels.broadcast(a.peer, text('1'))
  hub.channels.removeLocal(a.peer)
  hub.channels.removeLocal(a.peer)
  t.equal(hub.channels.size, 0)
  const b = await joinTestPeer(hub, 'x')
  t.equal(b.peer.channel.messages, 0)
  t.strictSame(events, ['opened x', 'closed x', 'opened x'])
})

t.test('two that open a channel at the same moment meet in one', async t => {
  const hub = createTestHub()
  hub.channels.hooks.join.push(async () => {
    await new Promise(resolve => setImmediate(resolve))
  })
  const [a, b] = await Promise.all([joinTestPeer(hub, 'x'), joinTestPeer(hub, 'x')])
  hub.endTurn()
  t.equal(a.peer.channel, b.peer.channel)
  t.strictSame([a.heard, b.heard], [['+p2'], ['+p1']])
})

t.test('who lets more than the limit pile up is ended, the others never notice', async t => {
  const hub = createTestHub()
  const [a, slow, c] = [await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x')]
  hub.endTurn()
  slow.stall(1001)
  hub.channels.broadcast(a.peer, text('1'))
  hub.endTurn()
  t.strictSame(slow.ended, ['too slow'])
  t.strictSame(c.heard.slice(-2), ['p1:1', '-p2'])
  const idle = await joinTestPeer(hub, 'x')
  idle.stall(0)
  hub.endTurn()
  hub.channels.broadcast(a.peer, text('2'))
  idle.stall(1001) // One large turn went over the limit …
  hub.endTurn()
  t.strictSame(idle.ended, ['too slow'], 'what is over it when the next is written is ended')
})

t.test('a queue that stays over the limit without new messages is ended at the second look', async t => {
  const hub = createTestHub()
  await joinTestPeer(hub, 'x')
  const slow = await joinTestPeer(hub, 'x', { maxQueued: 10, clog: 11 })
  hub.endTurn()
  hub.turns.checkStalled()
  hub.endTurn()
  t.strictSame(slow.ended, [], 'one look may come too early')
  hub.turns.checkStalled()
  hub.endTurn()
  t.strictSame(slow.ended, ['too slow'])
})

t.test('limits of origins and channels', async t => {
  const hub = createTestHub({ maxPeers: 2, maxSockets: 3, burst: 2 })
  const join = (name: string, origin?: string) => joinTestPeer(hub, name, origin === undefined ? {} : { origin })
  await join('a', 'http://o')
  await join('b', 'http://o')
  await t.rejects(join('c', 'http://o'), { code: 'NWS_ERR_TOO_MANY_CHANNELS' })
  await join('c', 'http://p')
  const third = await join('c', 'http://o')
  await t.rejects(join('c', 'http://o'), { code: 'NWS_ERR_TOO_MANY_SOCKETS' })
  await t.rejects(join('c'), { code: 'NWS_ERR_CHANNEL_FULL' })
  hub.channels.removeLocal(third.peer)
  await t.resolves(join('c', 'http://o'), 'a place is given back')
  await t.rejects(join('..'), { code: 'NWS_ERR_CHANNEL_NAME' })
  for (let i = 0; i < 100; i++) await join(`free-${i}`)
  hub.now.value += 500
  hub.channels.close()
  await t.rejects(join('late'), { code: 'NWS_ERR_SHUTTING_DOWN' })
})

t.test('hooks may refuse peers and messages', async t => {
  const hub = createTestHub()
  const left: string[] = []
  hub.channels.hooks.join.push(async ({ channel }) => {
    if (channel === 'closed') throw Object.assign(new Error('No.'), { code: 'MY_NO' })
  })
  hub.channels.hooks.message.push(({ payload }) => {
    if (payload.bytes.toString() === 'bad') throw Object.assign(new Error('Bad.'), { code: 'MY_BAD' })
  })
  hub.channels.hooks.leave.push(peer => left.push(peer.id))
  await t.rejects(joinTestPeer(hub, 'closed'), { code: 'MY_NO' })
  t.equal(hub.channels.size, 0)
  const [a, b] = [await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x')]
  t.throws(() => hub.channels.broadcast(a.peer, text('bad')), { code: 'MY_BAD' })
  hub.channels.broadcast(a.peer, text('good'))
  hub.endTurn()
  t.strictSame(b.heard.at(-1), `${a.peer.id}:good`)
  hub.channels.removeLocal(a.peer)
  t.strictSame(left, [a.peer.id])
})

t.test('a carrier hears of local peers and brings remote ones', async t => {
  const hub = createTestHub()
  const calls: string[] = []
  let channel: Channel | undefined
  const carrier: Carrier = {
    name: 'test',
    channelOpened: opened => {
      channel = opened
      calls.push('opened')
    },
    channelClosed: () => calls.push('closed'),
    localJoined: peer => calls.push(`+${peer.id}`),
    localLeft: peer => calls.push(`-${peer.id}`),
    broadcast: (source, payload, sequence) => {
      calls.push(`${source.id}:${payload.bytes.toString()}#${sequence}`)
      return { peers: 3, missed: 1 }
    },
    message: (source, target, payload, sequence) => {
      calls.push(`${source.id}>${target.id}:${payload.bytes.toString()}#${sequence}`)
      return payload.bytes.length < 5
    }
  }
  hub.channels.attach(carrier)
  const [a, b] = [await joinTestPeer(hub, 'x'), await joinTestPeer(hub, 'x')]
  const remote = hub.channels.addRemote(channel!, { id: 'far', proxy: 'there' }, carrier)!
  t.equal(
    hub.channels.addRemote(channel!, { id: 'far', proxy: 'elsewhere' }, carrier),
    undefined,
    'an id is taken once'
  )
  t.equal(
    hub.channels.addRemote(channel!, { id: a.peer.id, proxy: 'elsewhere' }, carrier),
    undefined,
    'a local id is taken too'
  )
  hub.channels.remoteBroadcast(remote, text('hi'))
  hub.channels.remoteMessage(remote, b.peer.id, text('you'))
  hub.channels.remoteMessage(remote, 'nobody', text('lost'))
  t.strictSame(hub.channels.broadcast(a.peer, text('all')), { local: 1, remote: 3, missed: 1 })
  t.equal(hub.channels.message(a.peer, 'far', text('one')), 'delivered')
  t.equal(hub.channels.message(a.peer, 'far', text('too much')), 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE')
  t.equal(channel!.remoteCount, 1)
  hub.channels.removeRemote(remote)
  hub.channels.remoteBroadcast(remote, text('ghost'))
  hub.endTurn()
  t.strictSame(b.heard, ['+p1', '+far', 'far:hi', 'far>you', 'p1:all', '-far'])
  hub.channels.removeLocal(a.peer)
  hub.channels.removeLocal(b.peer)
  t.strictSame(calls, ['opened', '+p1', '+p2', 'p1:all#1', 'p1>far:one#2', 'p1>far:too much#3', '-p1', '-p2', 'closed'])
})

t.test('a remote peer that is being decided on keeps its order, a refused one is not heard', async t => {
  const hub = createTestHub()
  let decide: (() => void) | undefined
  const carrier: Carrier = {
    name: 'test',
    channelOpened: () => {},
    channelClosed: () => {},
    localJoined: () => {},
    localLeft: () => {},
    broadcast: () => ({ peers: 0, missed: 0 }),
    message: () => true
  }
  hub.channels.attach(carrier)
  const a = await joinTestPeer(hub, 'x')
  hub.channels.hooks.join.push(async ({ id, location }) => {
    if (location === 'local') return
    await new Promise<void>(resolve => {
      decide = resolve
    })
    if (id === 'evil') throw Object.assign(new Error('No.'), { code: 'NO' })
  })
  const settle = async () => {
    decide!()
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  const good = hub.channels.addRemote(a.peer.channel, { id: 'good', proxy: 'there' }, carrier)!
  hub.channels.remoteBroadcast(good, text('1'))
  hub.channels.remoteMessage(good, a.peer.id, text('2'))
  hub.channels.remoteBroadcast(good, { binary: false, bytes: Buffer.alloc(65 * 1024) })
  await settle()
  hub.channels.remoteBroadcast(good, text('3'))
  const evil = hub.channels.addRemote(a.peer.channel, { id: 'evil', proxy: 'there' }, carrier)!
  hub.channels.remoteBroadcast(evil, text('boo'))
  await settle()
  hub.channels.remoteBroadcast(evil, text('boo'))
  hub.endTurn()
  t.strictSame(a.heard, ['+good', 'good:1', 'good>2', 'good:3'])
})

t.test('presence rests in a rush, and never falls behind what comes after it', async t => {
  const turns: (() => void)[] = []
  const rests: (() => void)[] = []
  const queue = new TurnQueue(
    new QueueBudget(1000),
    () => 0,
    run => turns.push(run),
    run => rests.push(run)
  )
  const written: string[] = []
  const outbox = new Outbox(
    queue,
    { write: bytes => written.push(bytes.toString()), queuedBytes: 0, stalled: () => {} },
    1000
  )
  const endTurn = (): void => {
    for (const run of turns.splice(0)) run()
  }
  const endRest = (): void => {
    for (const run of rests.splice(0)) run()
  }
  outbox.pushPresence(Buffer.from('1'))
  endTurn()
  t.strictSame(written, ['1'], 'the first goes out at once')
  outbox.pushPresence(Buffer.from('2'))
  endTurn()
  outbox.pushPresence(Buffer.from('3'))
  endTurn()
  t.strictSame(written, ['1'])
  endRest()
  endTurn()
  t.strictSame(written, ['1', '23'], 'a rush goes out together')
  outbox.pushPresence(Buffer.from('4'))
  outbox.push(Buffer.from('message'))
  outbox.pushPresence(Buffer.from('5'))
  endTurn()
  t.strictSame(written, ['1', '23', '4message5'], 'a message takes along what waits before it')
  endRest()
  endTurn()
  t.strictSame(written.length, 3)
  outbox.pushPresence(Buffer.from('6'))
  endTurn()
  endRest()
  endTurn()
  endRest()
  outbox.pushPresence(Buffer.from('7'))
  endTurn()
  t.strictSame(written.slice(3), ['6', '7'], 'after a calm rest the next goes out at once')
})
