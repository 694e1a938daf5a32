// One id, several carriers: one peer where the ways are proven to end in one proxy, strangers where they are not.
import t from 'tap'
import type { Carrier } from '../../../src/core/hub/carrier.ts'
import type { Peer } from '../../../src/core/hub/peer.ts'
import { createTestHub, joinTestPeer, text } from '../../support/hub.ts'

/** A carrier that takes everything up to a length. */
function carrier(name: string, most = 100) {
  const granted: Peer[] = []
  const sent: string[] = []
  const made: Carrier = {
    name,
    channelOpened: () => {},
    channelClosed: () => {},
    localJoined: () => {},
    localLeft: () => {},
    granted: peer => {
      granted.push(peer)
    },
    broadcast: (_source, { bytes }, sequence) => {
      sent.push(`${bytes.toString()}#${sequence}`)
      return bytes.length > most ? { peers: 0, missed: 1 } : { peers: 1, missed: 0 }
    },
    message: (_source, _target, { bytes }, sequence) => {
      sent.push(`>${bytes.toString()}#${sequence}`)
      return bytes.length <= most
    }
  }
  return { ...made, granted, sent, made }
}

async function start() {
  const hub = createTestHub()
  const [mesh, cluster] = [carrier('mesh', 5), carrier('cluster')]
  hub.channels.attach(mesh.made)
  hub.channels.attach(cluster.made)
  const alice = await joinTestPeer(hub, 'x')
  return { hub, mesh, cluster, alice, channel: alice.peer.channel, link: {}, session: {} }
}

t.test('two proven ways make one peer', async t => {
  const { hub, mesh, cluster, alice, channel, link, session } = await start()
  const far = hub.channels.addRemote(channel, { id: 'far', proxy: 'P', via: link }, mesh.made)!
  hub.channels.proveRemote(session, 'P')
  t.equal(
    hub.channels.addRemote(channel, { id: 'far', proxy: 'P', via: session }, cluster.made),
    undefined,
    'a claim of the link alone is none'
  )
  t.strictSame(cluster.granted, [])
  hub.channels.proveRemote(link, 'P')
  t.strictSame(cluster.granted, [far])
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
  hub.channels.withdrawRemote(channel, 'far', mesh.made)
  t.ok(far.joined)
  t.equal(channel.shared, 0)
  hub.channels.removeRemote(far)
  hub.endTurn()
  t.strictSame(alice.heard, ['+far', 'far:1', 'far:2', 'far:3', 'far>4', '-far'])
})

t.test('strangers wait until the id is free', async t => {
  const { hub, mesh, cluster, alice, channel, link, session } = await start()
  hub.channels.proveRemote(session, 'P')
  const real = hub.channels.addRemote(channel, { id: 'far', proxy: 'P', via: session }, cluster.made)!
  t.equal(hub.channels.addRemote(channel, { id: 'far', proxy: 'P', via: link }, mesh.made), undefined)
  hub.channels.proveRemote(link, 'Q')
  t.strictSame(mesh.granted, [], 'proven to be another')
  hub.channels.removeRemote(real, cluster.made)
  t.equal(mesh.granted.length, 1)
  t.not(mesh.granted[0], real)
  hub.endTurn()
  t.strictSame(alice.heard, ['+far', '-far', '+far'])
  hub.channels.addRemote(channel, { id: 'far', proxy: 'P', via: session }, cluster.made)
  hub.channels.withdrawRemote(channel, 'far', cluster.made)
  hub.channels.withdrawRemote(channel, 'far', mesh.made)
  hub.endTurn()
  t.strictSame(alice.heard.slice(3), ['-far'], 'who no longer waits does not come')
  t.equal(cluster.granted.length, 0)
})
