// Wide channels beside small ones: long work is done in slices, and each peer hears the same as without them.
import { QueueBudget } from '../../../src/core/hub/queue-budget.ts'
import { TurnQueue } from '../../../src/core/hub/turn-queue.ts'
import t from 'tap'
import { createTestHub, joinTestPeer, text, type TestHub, type TestPeer } from '../../support/hub.ts'
import { seededRandom } from '../../support/random.ts'

const MIB = 1024 * 1024
const LARGE = { maxQueued: 1000 * MIB }

async function joinMany(hub: TestHub, name: string, count: number): Promise<TestPeer[]> {
  const peers: TestPeer[] = []
  for (let i = 0; i < count; i++) {
    const joining = joinTestPeer(hub, name, LARGE)
    hub.endTurn()
    peers.push(await joining)
  }
  hub.endTurn()
  for (const peer of peers) peer.heard.length = 0
  return peers
}

const filler = (mark: string, bytes: number): { binary: false; bytes: Buffer } => ({
  binary: false,
  bytes: Buffer.from(mark.padEnd(bytes, '.'))
})

const marks = (peer: TestPeer): string[] => peer.heard.map(line => line.replace(/\.+$/, ''))

t.test('a wide broadcast does not keep another channel waiting', async t => {
  const hub = createTestHub()
  const wide = await joinMany(hub, 'wide', 50)
  const [a, b] = (await joinMany(hub, 'small', 2)) as [TestPeer, TestPeer]
  hub.channels.broadcast(wide[0]!.peer, filler('x', MIB))
  hub.endOneTurn()
  const served = wide.filter(peer => peer.heard.length > 0).length
  t.ok(served > 0 && served < 10, `${served} of 49 were served in the first turn`)
  t.ok(wide[0]!.peer.channel.isBusy)
  hub.channels.broadcast(a.peer, text('hello'))
  hub.endOneTurn()
  t.strictSame(b.heard, [`${a.peer.id}:hello`])
  t.ok(wide[0]!.peer.channel.isBusy)
  let drained = 0
  wide[0]!.peer.channel.whenDrained(() => drained++)
  hub.endTurn()
  t.equal(drained, 1)
  t.notOk(wide[0]!.peer.channel.isBusy)
  t.strictSame(
    wide.map(peer => peer.heard.length),
    [0, ...Array.from({ length: 49 }, () => 1)]
  )
  wide[0]!.peer.channel.whenDrained(() => drained++)
  t.equal(drained, 2, 'a channel that is not busy is drained')
})

t.test('if writes take long, a turn makes fewer of them', async t => {
  const hub = createTestHub()
  const slow = { ...LARGE, writeMs: 3 }
  const sender = await joinTestPeer(hub, 'wide', slow)
  const readers: TestPeer[] = []
  while (readers.length < 50) readers.push(await joinTestPeer(hub, 'wide', slow))
  hub.endTurn()
  const served = (): number => readers.filter(({ heard }) => heard.some(line => line.includes(':x'))).length
  hub.channels.broadcast(sender.peer, filler('x', 100_000))
  hub.endOneTurn()
  t.ok(served() > 0 && served() < 5, `${served()} of 50 were served in the first turn`)
  hub.endTurn()
  t.equal(served(), 50)
})

t.test('if writes of presence take long, a turn makes fewer of them', t => {
  const runs: (() => void)[] = []
  let now = 0
  const queue = new TurnQueue(
    new QueueBudget(1000),
    () => now,
    run => runs.push(run)
  )
  let flushed = 0
  const flush = (): void => {
    now += 3
    flushed++
  }
  for (let i = 0; i < 10; i++) queue.addPresence({ flush })
  for (const run of runs.splice(0)) run()
  t.ok(flushed > 0 && flushed < 4, `${flushed} of 10 in the first turn`)
  while (runs.length > 0) for (const run of runs.splice(0)) run()
  t.equal(flushed, 10)
  t.end()
})

t.test('two wide channels go on side by side', async t => {
  const hub = createTestHub()
  const first = await joinMany(hub, 'first', 30)
  const second = await joinMany(hub, 'second', 30)
  hub.channels.broadcast(first[0]!.peer, filler('x', MIB))
  hub.channels.broadcast(second[0]!.peer, filler('y', MIB))
  hub.endOneTurn()
  for (const peers of [first, second]) t.ok(peers.some(peer => peer.heard.length > 0))
})

t.test('in slices every peer hears the same as at once', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed)
    const pick = (count: number): number => Math.floor(random() * count)
    const hub = createTestHub()
    const members = await joinMany(hub, 'c', 12)
    const gone: TestPeer[] = []
    const expected = new Map<TestPeer, string[]>(members.map(peer => [peer, []]))
    for (let step = 0; step < 40; step++) {
      const source = members[pick(members.length)]!
      const act = pick(10)
      if (act < 5) {
        hub.channels.broadcast(source.peer, filler(`b${step}`, pick(3) === 0 ? 20 : pick(300_000) + 10))
        for (const peer of members) if (peer !== source) expected.get(peer)!.push(`${source.peer.id}:b${step}`)
      } else if (act < 7) {
        const target = members[pick(members.length)]!
        hub.channels.message(source.peer, target.peer.id, text(`d${step}`))
        expected.get(target)!.push(`${source.peer.id}>d${step}`)
      } else if (act === 7 && members.length > 4) {
        members.splice(members.indexOf(source), 1)
        gone.push(source)
        hub.channels.removeLocal(source.peer)
        for (const peer of members) expected.get(peer)!.push(`-${source.peer.id}`)
      } else if (act === 8) {
        const peer = await joinTestPeer(hub, 'c', LARGE)
        for (const other of members) expected.get(other)!.push(`+${peer.peer.id}`)
        expected.set(
          peer,
          members.map(other => `+${other.peer.id}`)
        )
        members.push(peer)
      } else {
        hub.endOneTurn()
      }
    }
    hub.endTurn()
    for (const peer of [...members, ...gone]) {
      const heard = marks(peer)
      if (JSON.stringify(heard) !== JSON.stringify(expected.get(peer)))
        t.strictSame(heard, expected.get(peer), `seed ${seed}, peer ${peer.peer.id}`)
    }
  }
  t.pass('40 stories')
})

t.test('what a link brings for a busy channel does not wait without bound', async t => {
  const hub = createTestHub()
  const peers = await joinMany(hub, 'wide', 50)
  for (let i = 0; i < 18; i++) {
    hub.channels.broadcast(peers[0]!.peer, filler(`m${i}`, MIB))
    if (i === 0) hub.endOneTurn()
  }
  t.ok(peers[1]!.heard.length >= 16, 'the broadcasts above 16 MiB went out at once')
  hub.endTurn()
  t.strictSame(
    marks(peers[1]!),
    Array.from({ length: 18 }, (_, i) => `${peers[0]!.peer.id}:m${i}`)
  )
})

t.test('a large channel takes newcomers one after another, and a small one at once', async t => {
  const hub = createTestHub()
  await joinMany(hub, 'large', 600)
  const joined: string[] = []
  const join = async (name: string): Promise<void> => {
    await joinTestPeer(hub, name, LARGE)
    joined.push(name)
  }
  const all = [...Array.from({ length: 8 }, () => join('large')), join('small')]
  await new Promise(setImmediate)
  t.strictSame(joined, ['small'])
  hub.endOneTurn()
  await new Promise(setImmediate)
  t.ok(joined.length > 1 && joined.length < 9, `${joined.length - 1} of 8 were let in`)
  hub.endTurn()
  await new Promise(setImmediate)
  hub.endTurn()
  await Promise.all(all)
  t.equal(hub.channels.find('large', 'network')!.size, 608)
})

t.test('a member who goes from a large channel is told in slices, to those who knew it', async t => {
  const hub = createTestHub()
  const peers = await joinMany(hub, 'large', 100)
  const [gone, ...others] = peers as [TestPeer, ...TestPeer[]]
  hub.channels.removeLocal(gone.peer)
  const joining = joinTestPeer(hub, 'large', LARGE)
  t.notOk(gone.peer.joined)
  t.notOk(others.some(peer => peer.heard.includes(`-${gone.peer.id}`)))
  hub.endTurn()
  const late = await joining
  hub.endTurn()
  t.ok(others.every(peer => peer.heard.includes(`-${gone.peer.id}`)))
  t.notOk(
    late.heard.some(line => line.endsWith(gone.peer.id)),
    'a newcomer hears nothing of it'
  )
})

t.test('all queues together have a limit: the largest gives way', async t => {
  const hub = createTestHub({ maxTotalQueuedBytes: 10 * MIB })
  const peers = await joinMany(hub, 'c', 4)
  const [sender, small, middle, large] = peers as [TestPeer, TestPeer, TestPeer, TestPeer]
  small.stall(2 * MIB)
  middle.stall(3 * MIB)
  large.stall(4 * MIB)
  hub.channels.broadcast(sender.peer, text('1'))
  hub.endTurn()
  hub.turns.checkStalled()
  hub.endTurn()
  t.strictSame(
    peers.flatMap(peer => peer.ended),
    [],
    '9 MiB are allowed'
  )
  small.stall(4 * MIB)
  hub.turns.checkStalled()
  hub.endTurn()
  t.equal(peers.filter(peer => peer.ended.length > 0).length, 1, 'one is enough')
  t.strictSame(middle.ended, [], 'not the one that holds least')
})

t.test('queues that report no writes count at each periodic check', async t => {
  const budget = new QueueBudget(1000)
  const holders = [300, 500, 100].map(queuedBytes => ({
    queuedBytes,
    giveWay() {
      this.queuedBytes = 0
    }
  }))
  const writer = { queuedBytes: 0, giveWay: () => t.fail('it holds least') }
  budget.addSource(() => holders)
  budget.check()
  t.strictSame(
    holders.map(({ queuedBytes }) => queuedBytes),
    [300, 500, 100]
  )
  writer.queuedBytes = 200
  budget.wrote(writer, 8 * MIB)
  budget.checkAfterWrites()
  t.strictSame(
    holders.map(({ queuedBytes }) => queuedBytes),
    [300, 0, 100],
    'the largest gives way, also between two checks'
  )
})
