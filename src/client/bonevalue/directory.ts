// The trusted users by their aliases and their peers that are online. It resolves queries.

/** The alias of the own account. */
export const OWN_ALIAS = 'Us'

export interface DirectoryEvents<Peer> {
  connected(peer: Peer): void
  disconnected(peer: Peer): void
  userAdded(alias: string): void
  userRemoved(alias: string): void
}

interface Named {
  readonly name: string
  readonly id: string
}

export class Directory<Peer extends Named> {
  readonly #events: DirectoryEvents<Peer>
  readonly #users = new Set<string>()
  readonly #peers = new Map<string, Peer>()
  /** Peers that the rendezvous does not list, but that can perhaps be reached without it. */
  readonly #stale = new Set<string>()

  constructor(events: DirectoryEvents<Peer>) {
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

  /** Whether the rendezvous says that a peer is online. */
  isListed(id: string): boolean {
    return this.#peers.has(id) && !this.#stale.has(id)
  }

  /** The rendezvous was lost and is about to list all peers again. */
  renew(): void {
    for (const id of this.#peers.keys()) this.#stale.add(id)
  }

  /** The rendezvous has listed all peers. @param isReachable whether a peer can be reached without it */
  listed(isReachable: (id: string) => boolean): void {
    for (const id of [...this.#stale]) this.unlist(id, isReachable)
  }

  /** The rendezvous says that a peer is gone. If it can be reached, it stays until `unreachable`. */
  unlist(id: string, isReachable: (id: string) => boolean): void {
    if (!this.#peers.has(id)) return
    this.#stale.add(id)
    if (!isReachable(id)) this.unreachable(id)
  }

  /** A peer cannot be reached without the rendezvous any more. */
  unreachable(id: string): void {
    if (this.#stale.has(id)) this.remove(id)
  }

  /** The rendezvous has listed these users. Others are no longer trusted. */
  keepUsers(aliases: readonly string[]): void {
    for (const alias of this.users) if (!aliases.includes(alias)) this.removeUser(alias)
  }

  clear(): void {
    this.#users.clear()
    this.#stale.clear()
    for (const id of [...this.#peers.keys()]) this.remove(id)
  }
}
