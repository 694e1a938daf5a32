// Connects the channels of this proxy to a network of other proxies, such as the mesh or a cluster: tells it of local
// peers and messages, and makes remote peers members.
import type { PeerMessage } from '../link/wire/channel-message.ts'
import type { Carrier, RelayCount } from './carrier.ts'
import type { Channel } from './channel.ts'
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'
import type { Hub } from './hub.ts'

/** A network of other proxies. @typeParam V the way to one of them */
export interface RemoteNetwork<V> {
  channelOpened(name: string): void
  channelClosed(name: string): void
  localJoined(name: string, id: string): void
  localLeft(name: string, id: string): void
  /** Joined remote peers of a channel, each with a way to it. */
  remotes(name: string): Iterable<[id: string, via: V]>
  /** Whether the network is about to learn the remote peers of a channel that was just opened. */
  isSettling(name: string): boolean
  broadcast(name: string, message: Omit<PeerMessage, 'type' | 'target'>): RelayCount
  direct(name: string, message: Omit<PeerMessage, 'type'> & { target: string }): boolean
}

/** Events of the network, synchronous and in order. */
export interface RemoteEvents<V> {
  joined(name: string, id: string, via: V): void
  parted(name: string, id: string): void
  message(name: string, message: PeerMessage): void
}

export interface NetworkCarrierDeps<V> {
  readonly name: string
  readonly hub: Hub
  /** A function because network and carrier need each other. */
  readonly network: () => RemoteNetwork<V>
  /** Id of the proxy at the end of a way, which the network has proof of. */
  readonly proxyOf: (via: V) => string
  /** See `Carrier`. */
  readonly mayReachOthers: () => boolean
}

/** Carries between one hub and one network. */
export class NetworkCarrier<V extends object> implements Carrier {
  readonly name: string
  readonly mayReachOthers: () => boolean
  readonly #hub: Hub
  readonly #network: () => RemoteNetwork<V>
  readonly #proxyOf: (via: V) => string
  /** Calls of the hub in progress. The hub must not be called back during them. */
  #inCall = 0

  constructor({ name, hub, network, proxyOf, mayReachOthers }: NetworkCarrierDeps<V>) {
    this.name = name
    this.mayReachOthers = mayReachOthers
    this.#hub = hub
    this.#network = network
    this.#proxyOf = proxyOf
  }

  /** Handlers for the events of the network. */
  get events(): RemoteEvents<V> {
    return {
      joined: (name, id, via) => this.#whenFree(() => this.#join(name, id, via)),
      parted: (name, id) => this.#whenFree(() => this.#part(name, id)),
      message: (name, message) => {
        if (this.#inCall > 0) this.#hub.turns.defer(() => this.#deliver(name, message))
        else this.#deliver(name, message)
      }
    }
  }

  channelOpened(channel: Channel): void {
    this.#call(() => this.#network().channelOpened(channel.name))
    // A channel that lingered still has its remote peers.
    this.#hub.turns.defer(() => {
      for (const [id, via] of this.#network().remotes(channel.name)) this.#join(channel.name, id, via)
    })
  }

  channelClosed(channel: Channel): void {
    this.#call(() => this.#network().channelClosed(channel.name))
  }

  isSettling(channel: Channel): boolean {
    return this.#network().isSettling(channel.name)
  }

  localJoined(peer: Peer): void {
    this.#call(() => this.#network().localJoined(peer.channel.name, peer.id))
  }

  localLeft(peer: Peer): void {
    this.#call(() => this.#network().localLeft(peer.channel.name, peer.id))
  }

  broadcast(source: Peer, payload: Payload, sequence: number): RelayCount {
    const { binary, bytes } = payload
    this.#inCall++
    const count = this.#network().broadcast(source.channel.name, {
      source: source.id,
      seq: sequence,
      binary,
      payload: bytes
    })
    this.#inCall--
    return count
  }

  message(source: Peer, target: Peer, payload: Payload, sequence: number): boolean {
    return this.#call(() =>
      this.#network().direct(source.channel.name, {
        source: source.id,
        target: target.id,
        seq: sequence,
        binary: payload.binary,
        payload: payload.bytes
      })
    )
  }

  #call<T>(work: () => T): T {
    this.#inCall++
    try {
      return work()
    } finally {
      this.#inCall--
    }
  }

  #whenFree(work: () => void): void {
    if (this.#inCall > 0) this.#hub.turns.defer(work)
    else work()
  }

  /** A peer that this carrier brings. */
  #peer(name: string, id: string): Peer | undefined {
    const peer = this.#hub.find(name, 'network')?.claimed.get(id)
    return peer?.carriers.includes(this) === true ? peer : undefined
  }

  #join(name: string, id: string, via: V): Peer | undefined {
    const channel = this.#hub.find(name, 'network')
    return channel && (this.#peer(name, id) ?? this.#hub.addRemote(channel, { id, proxy: this.#proxyOf(via) }, this))
  }

  #part(name: string, id: string): void {
    const peer = this.#peer(name, id)
    if (peer !== undefined) this.#hub.removeRemote(peer, this)
  }

  #deliver(name: string, { source, target, seq, binary, payload }: PeerMessage): void {
    const peer = this.#peer(name, source) ?? this.#returned(name, source)
    if (peer === undefined) return
    if (target === undefined) this.#hub.remoteBroadcast(peer, { binary, bytes: payload }, seq)
    else this.#hub.remoteMessage(peer, target, { binary, bytes: payload }, seq)
  }

  /** A peer of a channel that was opened again in this turn. */
  #returned(name: string, id: string): Peer | undefined {
    if (this.#hub.find(name, 'network')?.peer(id) !== undefined) return undefined
    for (const [member, via] of this.#network().remotes(name)) if (member === id) return this.#join(name, id, via)
    return undefined
  }
}
