// Channels and peers in the form of the API.
import type { Channel } from '../../core/hub/channel.ts'
import type { FaultPlan } from '../../plugins/channel-sockets/faults.ts'
import type { Peer } from '../../core/hub/peer.ts'

/** A channel as `channelSchema` has it. */
export function channelView(channel: Channel, showNames: boolean, fault: FaultPlan | undefined) {
  return {
    ...(showNames ? { name: channel.name } : {}),
    tag: channel.tag,
    scope: channel.scope,
    peers: { local: channel.localCount, remote: channel.remoteCount },
    openedAt: new Date(channel.openedAt).toISOString(),
    messages: channel.messages,
    bytes: channel.bytes,
    ...(fault === undefined ? {} : { fault })
  }
}

/** A peer as `peerSchema` has it. */
export function peerView(peer: Peer, showNames: boolean) {
  return {
    id: peer.id,
    channel: showNames ? peer.channel.name : peer.channel.tag,
    location: peer.location,
    proxy: peer.proxy,
    dialect: peer.dialect,
    ...(peer.invitation === undefined ? {} : { via: 'guest' as const, invitation: peer.invitation }),
    connectedAt: new Date(peer.connectedAt).toISOString()
  }
}
