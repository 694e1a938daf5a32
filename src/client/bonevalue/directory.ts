// The trusted users by their aliases and their peers that are online. It resolves queries.

/** A peer that is online. */
export interface Peer {
  /** The alias of the peer's user; `"Us"` for the own account. */
  readonly name: string
  /** Decimal digits. */
  readonly id: string
}

/** The alias of the own account. */
export const OWN_ALIAS = 'Us'

export interface DirectoryEvents {
  connected(peer: Peer): void
  disconnected(peer: Peer): void
  userAdded(alias: string): void
  userRemoved(alias: string): void
}

export class Directory {
  readonly #events: DirectoryEvents
  readonly #users = new Set<string>()
  readonly #peers = new Map<string, Peer>()
  /** Peers from before the rendezvous was lost that it has not listed again. */
  readonly #stale = new Set<string>()

  constructor(events: DirectoryEvents) {
    this.#events = events
  }

  get(id: string): Peer | undefined {
    return this.#peers.get(id)
  }

  /** The aliases of the trusted users, without the own account. */
  get users(): string[] {
    return [...this.#users]
  }

  /** The peers of a query: all, or those of an alias, or the one with that id. */
  find(query: string): Peer[] {
    const all = [...this.#peers.values()]
    if (query === '*') return all
    if (query === OWN_ALIAS || this.#users.has(query)) return all.filter(({ name }) => name === query)
    const peer = this.#peers.get(query)
    return peer === undefined ? [] : [peer]
  }

  addUser(alias: string): void {
    if (alias === OWN_ALIAS || this.#users.has(alias)) return
    this.#users.add(alias)
    this.#events.userAdded(alias)
  }

  removeUser(alias: string): void {
    for (const peer of this.find(alias)) this.remove(peer.id)
    if (this.#users.delete(alias)) this.#events.userRemoved(alias)
  }

  add(peer: Peer): void {
    // It may be a stale peer under a new id. A query for that user must not ask the same page twice.
    for (const id of this.#stale) if (id !== peer.id && this.#peers.get(id)?.name === peer.name) this.remove(id)
    this.#stale.delete(peer.id)
    const known = this.#peers.get(peer.id)
    this.#peers.set(peer.id, peer)
    if (known === undefined) this.#events.connected(peer)
  }

  remove(id: string): void {
    this.#stale.delete(id)
    const peer = this.#peers.get(id)
    if (this.#peers.delete(id)) this.#events.disconnected(peer!)
  }

  /** The rendezvous was lost and lists all peers again. @param isReachable whether a peer can be reached without it */
  renew(isReachable: (id: string) => boolean): void {
    for (const id of [...this.#peers.keys()]) {
      if (isReachable(id)) this.#stale.add(id)
      else this.remove(id)
    }
  }

  /** The rendezvous has listed these users. Others are no longer trusted. */
  keepUsers(aliases: readonly string[]): void {
    for (const alias of this.users) if (!aliases.includes(alias)) this.removeUser(alias)
  }

  /** Removes the peers that the rendezvous has not listed again. */
  dropStale(): void {
    for (const id of [...this.#stale]) this.remove(id)
  }

  clear(): void {
    this.#users.clear()
    this.#stale.clear()
    for (const id of [...this.#peers.keys()]) this.remove(id)
  }
}
