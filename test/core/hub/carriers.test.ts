// One id, several carriers: one peer if they bring it from one proxy; another proxy is refused.
import t from 'tap'
import type { Carrier } from '../../../src/core/hub/carrier.ts'
import { createTestHub, joinTestPeer, text } from '../../support/hub.ts'

/** A carrier that takes everything up to a length. */
function carrier(name: string, most = 100) {
  const sent: string[] = []
  const made: Carrier = {
    name,
    channelOpened: () => {},
    channelClosed: () => {},
    localJoined: () => {},
    localLeft: () => {},
    broadcast: (_source, { bytes }, sequence) => {
      sent.push(`${bytes.toString()}#${sequence}`)
      return bytes.length > most ? { peers: 0, missed: 1 } : { peers: 1, missed: 0 }
    },
    message: (_source, _target, { bytes }, sequence) => {
      sent.push(`>${bytes.toString()}#${sequence}`)
      return bytes.length <= most
    }
  }
  return { ...made, sent, made }
}

async function start() {
  const hub = createTestHub()
  const [mesh, cluster] = [carrier('mesh', 5), carrier('cluster')]
  hub.channels.attach(mesh.made)
  hub.channels.attach(cluster.made)
  const alice = await joinTestPeer(hub, 'x')
  return { hub, mesh, cluster, alice, channel: alice.peer.channel }
}

t.test('two carriers of one proxy make one peer', async t => {
  const { hub, mesh, cluster, alice, channel } = await start()
  const far = hub.channels.addRemote(channel, { id: 'far', proxy: 'P' }, mesh.made)!
  t.equal(hub.channels.addRemote(channel, { id: 'far', proxy: 'P' }, cluster.made), far)
  t.strictSame(far.carriers, [mesh.made, cluster.made])
  for (const [payload, sequence] of [
    ['1', 1],
    ['1', 1],
    ['2', 2],
    ['1', 1],
    ['3', 3],
    ['2', 2],
    ['3', 3]
  ] as const)
    hub.channels.remoteBroadcast(far, text(payload), sequence)
  hub.channels.remoteMessage(far, alice.peer.id, text('4'), 4)
  hub.channels.remoteMessage(far, alice.peer.id, text('4'), 4)
  t.strictSame(hub.channels.broadcast(alice.peer, text('all')), { local: 0, remote: 1, missed: 0 }, 'counted once')
  t.strictSame(
    hub.channels.broadcast(alice.peer, text('longer than five')),
    { local: 0, remote: 1, missed: 0 },
    'one way is enough'
  )
  t.equal(hub.channels.message(alice.peer, 'far', text('longer than five')), 'delivered')
  t.strictSame(mesh.sent, cluster.sent, 'both carry everything, with the same numbers')
  hub.channels.removeRemote(far, mesh.made)
  t.ok(far.joined)
  t.equal(channel.shared, 0)
  hub.channels.removeRemote(far)
  hub.endTurn()
  t.strictSame(alice.heard, ['+far', 'far:1', 'far:2', 'far:3', 'far>4', '-far'])
})

t.test('an id that a proxy has is refused to another, also by another carrier', async t => {
  const { hub, mesh, cluster, alice, channel } = await start()
  const real = hub.channels.addRemote(channel, { id: 'far', proxy: 'P' }, cluster.made)!
  t.equal(hub.channels.addRemote(channel, { id: 'far', proxy: 'Q' }, mesh.made), undefined)
  t.equal(hub.channels.addRemote(channel, { id: alice.peer.id, proxy: 'Q' }, mesh.made), undefined, 'nor a local one')
  hub.channels.removeRemote(real, mesh.made)
  t.ok(real.joined, 'what was refused cannot be withdrawn')
  hub.channels.removeRemote(real, cluster.made)
  hub.endTurn()
  t.strictSame(alice.heard, ['+far', '-far'])
})
