// Which carriers bring which remote peer: one peer per id, also if several carriers bring it.
//
// Proxy ids are claims. Two carriers bring the same peer only if both ways are proven to end in the same proxy. Any other
// claim of a taken id waits until the id is free.
import type { Carrier, RemoteFacts } from './carrier.ts'
import type { Channel } from './channel.ts'
import { Peer } from './peer.ts'

export interface ClaimEvents {
  readonly now: () => number
  entered(peer: Peer): void
  left(peer: Peer): void
}

interface Claim {
  readonly facts: RemoteFacts
  readonly carrier: Carrier
}

/** One id of a channel. */
interface Holder {
  readonly peer: Peer
  /** Granted claims. `carriers` are theirs and belong to the peer. */
  readonly claims: Claim[]
  readonly carriers: Carrier[]
  readonly waiting: Claim[]
}

/** The claims of all carriers. */
export class RemoteClaims {
  readonly #events: ClaimEvents
  readonly #channels = new Map<Channel, Map<string, Holder>>()
  /** Ids with waiting claims. */
  readonly #waiting = new Set<Holder>()
  readonly #proven = new WeakMap<object, string>()

  constructor(events: ClaimEvents) {
    this.#events = events
  }

  /** @see Hub.addRemote */
  add(channel: Channel, facts: RemoteFacts, carrier: Carrier): Peer | undefined {
    let holders = this.#channels.get(channel)
    if (holders === undefined) {
      holders = new Map()
      this.#channels.set(channel, holders)
    }
    const holder = holders.get(facts.id)
    const claim = { facts, carrier }
    if (holder === undefined)
      return channel.peer(facts.id) === undefined ? this.#take(holders, channel, claim) : undefined
    if ([...holder.claims, ...holder.waiting].some(other => other.carrier === carrier)) return undefined
    if (this.#isSame(holder, claim)) return this.#share(holder, claim)
    holder.waiting.push(claim)
    this.#waiting.add(holder)
    return undefined
  }

  /** @see Hub.withdrawRemote */
  withdraw(channel: Channel, id: string, carrier: Carrier): void {
    const holders = this.#channels.get(channel)
    const holder = holders?.get(id)
    if (holders === undefined || holder === undefined) return
    if (removeOf(holder.waiting, carrier)) {
      if (holder.waiting.length === 0) this.#waiting.delete(holder)
      return
    }
    if (!removeOf(holder.claims, carrier)) return
    holder.carriers.splice(holder.carriers.indexOf(carrier), 1)
    if (holder.claims.length === 1) channel.shared -= 1
    if (holder.claims.length > 0) return
    holders.delete(id)
    this.#waiting.delete(holder)
    this.#events.left(holder.peer)
    const [next, ...rest] = holder.waiting
    if (next === undefined || this.#channels.get(channel) !== holders) return
    const peer = this.#take(holders, channel, next)
    next.carrier.granted?.(peer)
    for (const claim of rest) {
      const shared = this.add(channel, claim.facts, claim.carrier)
      if (shared !== undefined) claim.carrier.granted?.(shared)
    }
  }

  /** @see Hub.proveRemote */
  prove(via: object, proxy: string): void {
    if (this.#proven.get(via) === proxy) return
    this.#proven.set(via, proxy)
    for (const holder of this.#waiting) {
      for (const claim of holder.waiting.filter(claim => this.#isSame(holder, claim))) {
        removeOf(holder.waiting, claim.carrier)
        claim.carrier.granted?.(this.#share(holder, claim))
      }
      if (holder.waiting.length === 0) this.#waiting.delete(holder)
    }
  }

  /** Forgets a closed channel with its claims. */
  forget(channel: Channel): void {
    for (const holder of this.#channels.get(channel)?.values() ?? []) this.#waiting.delete(holder)
    this.#channels.delete(channel)
  }

  #take(holders: Map<string, Holder>, channel: Channel, claim: Claim): Peer {
    const {
      facts: { id, proxy },
      carrier
    } = claim
    const carriers = [carrier]
    const peer = new Peer(
      channel,
      { id, proxy, location: 'remote', dialect: 'link', origin: undefined, connectedAt: this.#events.now() },
      { carriers }
    )
    holders.set(id, { peer, claims: [claim], carriers, waiting: [] })
    this.#events.entered(peer)
    return peer
  }

  #share(holder: Holder, claim: Claim): Peer {
    holder.claims.push(claim)
    holder.carriers.push(claim.carrier)
    if (holder.claims.length === 2) holder.peer.channel.shared += 1
    return holder.peer
  }

  #isSame({ claims }: Holder, { facts }: Claim): boolean {
    return (
      this.#isProven(facts) && claims.some(({ facts: other }) => other.proxy === facts.proxy && this.#isProven(other))
    )
  }

  #isProven({ via, proxy }: RemoteFacts): boolean {
    return via !== undefined && this.#proven.get(via) === proxy
  }
}

function removeOf(claims: Claim[], carrier: Carrier): boolean {
  const place = claims.findIndex(claim => claim.carrier === carrier)
  if (place >= 0) claims.splice(place, 1)
  return place >= 0
}
