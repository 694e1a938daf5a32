// Between the channels of this proxy and its mesh: tells the mesh of local peers and messages, and makes members of
// remote peers. Not the rules of either side (core/hub, core/link).
import { base32 } from '../../core/link/bytes.ts'
import type { PeerMessage } from '../../core/link/channel-message.ts'
import type { Link } from '../../core/link/link.ts'
import type { Mesh, MeshEvents } from '../../core/link/mesh.ts'
import type { Carrier, RelayCount } from '../../core/hub/carrier.ts'
import type { Channel } from '../../core/hub/channel.ts'
import type { Payload } from '../../core/hub/payload.ts'
import type { Peer } from '../../core/hub/peer.ts'
import type { ChannelRegistry } from '../../core/hub/registry.ts'

/** An open channel with its remote peers by id. */
interface Carried {
  readonly channel: Channel
  readonly peers: Map<string, Peer>
}

/** Id of a link's remote as users see it; empty before HELLO. */
export function remoteIdOf (link: Link): string {
  return link.session === undefined ? '' : base32(link.session.remoteId)
}

/** Carries between one registry and one mesh. */
export class MeshCarrier implements Carrier {
  readonly name = 'mesh'
  readonly #hub: ChannelRegistry
  readonly #mesh: () => Mesh
  readonly #carried = new Map<string, Carried>()
  /** Calls of the registry that are under way: it must not be called back meanwhile. */
  #inCall = 0

  /** @param mesh asked for at each call, because mesh and carrier need each other */
  constructor (hub: ChannelRegistry, mesh: () => Mesh) {
    this.#hub = hub
    this.#mesh = mesh
  }

  /** What the mesh tells the channels. */
  get events (): Pick<MeshEvents, 'joined' | 'parted' | 'message'> {
    return {
      joined: (name, id, link) => this.#whenFree(() => this.#join(name, id, link)),
      parted: (name, id) => this.#whenFree(() => this.#part(name, id)),
      message: (name, message) => this.#whenFree(() => this.#deliver(name, message))
    }
  }

  channelOpened (channel: Channel): void {
    this.#carried.set(channel.name, { channel, peers: new Map() })
    this.#call(() => this.#mesh().channelOpened(channel.name))
    // A channel that lingered has its remote peers still.
    this.#hub.turns.defer(() => {
      for (const [id, link] of this.#mesh().remotes(channel.name)) this.#join(channel.name, id, link)
    })
  }

  channelClosed (channel: Channel): void {
    this.#carried.delete(channel.name)
    this.#call(() => this.#mesh().channelClosed(channel.name))
  }

  localJoined (peer: Peer): void {
    this.#call(() => this.#mesh().localJoined(peer.channel.name, peer.id))
  }

  localLeft (peer: Peer): void {
    this.#call(() => this.#mesh().localLeft(peer.channel.name, peer.id))
  }

  broadcast (source: Peer, payload: Payload, sequence: number): RelayCount {
    return this.#call(() => this.#mesh().broadcast(source.channel.name, { source: source.id, seq: sequence, binary: payload.binary, payload: payload.bytes }))
  }

  message (source: Peer, target: Peer, payload: Payload, sequence: number): boolean {
    return this.#call(() => this.#mesh().direct(source.channel.name, { source: source.id, target: target.id, seq: sequence, binary: payload.binary, payload: payload.bytes }))
  }

  #call<T> (work: () => T): T {
    this.#inCall++
    try {
      return work()
    } finally {
      this.#inCall--
    }
  }

  #whenFree (work: () => void): void {
    if (this.#inCall > 0) this.#hub.turns.defer(work)
    else work()
  }

  #join (name: string, id: string, link: Link): Peer | undefined {
    const carried = this.#carried.get(name)
    if (carried === undefined || carried.peers.has(id)) return carried?.peers.get(id)
    const peer = this.#hub.addRemote(carried.channel, { id, proxy: remoteIdOf(link) }, this)
    if (peer !== undefined) carried.peers.set(id, peer)
    return peer
  }

  #part (name: string, id: string): void {
    const carried = this.#carried.get(name)
    const peer = carried?.peers.get(id)
    if (peer === undefined) return
    carried!.peers.delete(id)
    this.#hub.removeRemote(peer)
  }

  #deliver (name: string, { source, target, binary, payload }: PeerMessage): void {
    const peer = this.#carried.get(name)?.peers.get(source) ?? this.#returned(name, source)
    if (peer === undefined) return
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    if (target === undefined) this.#hub.remoteBroadcast(peer, { binary, bytes })
    else this.#hub.remoteMessage(peer, target, { binary, bytes })
  }

  /** A peer of a channel that was opened again in this very turn. */
  #returned (name: string, id: string): Peer | undefined {
    for (const [member, link] of this.#mesh().remotes(name)) if (member === id) return this.#join(name, id, link)
    return undefined
  }
}
