// The trusted users by their aliases, and their peers. A query is resolved here, at the
// moment it is asked. No connections.

/** A peer that is online. */
export interface Peer {
  /** This user's alias for the owner of the peer; `"Us"` for this user. */
  readonly name: string
  /** Decimal digits. */
  readonly id: string
}

/** The alias of one's own account. */
export const OWN_ALIAS = 'Us'

/** A change, for events. */
export interface DirectoryEvents {
  connected(peer: Peer): void
  disconnected(peer: Peer): void
  userAdded(alias: string): void
  userRemoved(alias: string): void
}

/** The users and their peers. */
export class Directory {
  readonly #events: DirectoryEvents
  readonly #users = new Set<string>()
  readonly #peers = new Map<string, Peer>()
  /** Peers that were there before the rendezvous was lost and that it has not told of again. */
  readonly #stale = new Set<string>()

  constructor(events: DirectoryEvents) {
    this.#events = events
  }

  /** The peer of an id. */
  get(id: string): Peer | undefined {
    return this.#peers.get(id)
  }

  /** The aliases of the users that are trusted, without one's own. */
  get users(): string[] {
    return [...this.#users]
  }

  /** The peers that a query means: all, those of an alias, or the one of that id. */
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
    // It may be one of the stale ones, under a new id: who asks that user shall not ask the same page twice.
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

  /** The rendezvous was lost and tells anew from now on. @param isReachable whether a peer can be reached without it */
  renew(isReachable: (id: string) => boolean): void {
    for (const id of [...this.#peers.keys()]) {
      if (isReachable(id)) this.#stale.add(id)
      else this.remove(id)
    }
  }

  /** The rendezvous has told of these users; others are trusted no more. */
  keepUsers(aliases: readonly string[]): void {
    for (const alias of this.users) if (!aliases.includes(alias)) this.removeUser(alias)
  }

  /** Those that the rendezvous has not told of again are gone. */
  dropStale(): void {
    for (const id of [...this.#stale]) this.remove(id)
  }

  clear(): void {
    this.#users.clear()
    this.#stale.clear()
    for (const id of [...this.#peers.keys()]) this.remove(id)
  }
}
