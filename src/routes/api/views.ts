// Channels, peers and computers in the form of the API.
import type { FastifyInstance } from 'fastify'
import { friendlyWords } from '../../core/friendly-words.ts'
import type { Channel } from '../../core/hub/channel.ts'
import type { FaultPlan } from '../../plugins/channel-sockets/faults.ts'
import type { Peer } from '../../core/hub/peer.ts'
import type {} from '../../plugins/computer-name.ts'
import type {} from '../../plugins/crypto/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'

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

/** The words and the name of the computer of a proxy, as `computerSchema` has them. */
type ComputerView = (proxyId: string) => { readonly proxyWords: string; readonly proxyName?: string }

/** Gives views of the computers that are known now. */
export function computerViews({ crypto, computerName, peerMesh }: FastifyInstance): ComputerView {
  const names = peerMesh.names()
  return proxyId => {
    const name = proxyId === crypto.proxyId.text ? computerName.value : names.get(proxyId)
    return { proxyWords: friendlyWords(proxyId), ...(name === undefined ? {} : { proxyName: name }) }
  }
}

/** A peer as `peerSchema` has it. */
export function peerView(peer: Peer, showNames: boolean, computer: ComputerView) {
  return {
    id: peer.id,
    words: friendlyWords(peer.id),
    channel: showNames ? peer.channel.name : peer.channel.tag,
    location: peer.location,
    proxy: peer.proxy,
    ...computer(peer.proxy),
    dialect: peer.dialect,
    ...(peer.origin === undefined ? {} : { origin: peer.origin }),
    ...(peer.invitation === undefined ? {} : { via: 'guest' as const, invitation: peer.invitation }),
    connectedAt: new Date(peer.connectedAt).toISOString(),
    messages: peer.messages,
    bytes: peer.bytes
  }
}
