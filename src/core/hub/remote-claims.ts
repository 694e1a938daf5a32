// Which carrier brings which remote peer: one peer for one id, whoever brings it. Not the joining itself (registry.ts),
// and not the rosters of the carriers.
//
// Each carrier has proof of the proxy at the other end: a link by its handshake, a cluster by its seal. So two carriers
// that name one proxy mean one peer; an id that another proxy already has is refused.
import type { Carrier, RemoteFacts } from './carrier.ts'
import type { Channel } from './channel.ts'
import { Peer } from './peer.ts'

/** What is done with peers that come and go. */
export interface ClaimEvents {
  readonly now: () => number
  entered(peer: Peer): void
  left(peer: Peer): void
}

/** One id of a channel. */
interface Holder {
  readonly peer: Peer
  /** Those that bring the peer. */
  readonly carriers: Carrier[]
}

export class RemoteClaims {
  readonly #events: ClaimEvents
  readonly #channels = new Map<Channel, Map<string, Holder>>()

  constructor(events: ClaimEvents) {
    this.#events = events
  }

  /** @see Hub.addRemote */
  add(channel: Channel, { id, proxy }: RemoteFacts, carrier: Carrier): Peer | undefined {
    let holders = this.#channels.get(channel)
    if (holders === undefined) {
      holders = new Map()
      this.#channels.set(channel, holders)
    }
    const holder = holders.get(id)
    if (holder === undefined) {
      if (channel.peer(id) !== undefined) return undefined
      const carriers = [carrier]
      const peer = new Peer(
        channel,
        { id, proxy, location: 'remote', dialect: 'link', origin: undefined, connectedAt: this.#events.now() },
        { carriers }
      )
      holders.set(id, { peer, carriers })
      this.#events.entered(peer)
      return peer
    }
    const { peer, carriers } = holder
    if (peer.proxy !== proxy || carriers.includes(carrier)) return undefined
    carriers.push(carrier)
    if (carriers.length === 2) channel.shared += 1
    return peer
  }

  /** @see Hub.withdrawRemote */
  withdraw(channel: Channel, id: string, carrier: Carrier): void {
    const holders = this.#channels.get(channel)
    const holder = holders?.get(id)
    const place = holder?.carriers.indexOf(carrier) ?? -1
    if (holders === undefined || holder === undefined || place < 0) return
    const { peer, carriers } = holder
    carriers.splice(place, 1)
    if (carriers.length === 1) channel.shared -= 1
    if (carriers.length > 0) return
    holders.delete(id)
    this.#events.left(peer)
  }

  /** The channel is no more, and all that was claimed in it. */
  forget(channel: Channel): void {
    this.#channels.delete(channel)
  }
}
