// The remote peers of one channel: which ids are joined, and by whom. Not the local peers (its owner is asked), and no
// messages are sent here.
//
// An id belongs to the first that joined it; the JOIN of another is refused for good. Ids are 128 random bits: two of them
// are equal only if a proxy wants them to be.
import { MAX_JOINED_IDS } from './link/constants.ts'

/** The questions and events of a roster. */
export interface RosterOwner<V> {
  /** Whether the id is a local peer of the channel. */
  isLocal(id: string): boolean
  joined(id: string, via: V): void
  parted(id: string): void
}

/** Remote peers of one channel. @typeParam V a remote proxy */
export class Roster<V> {
  readonly #owner: RosterOwner<V>
  readonly #vias = new Map<string, V>()
  readonly #ids = new Map<V, Set<string>>()
  /** JOINs that were refused. */
  refused = 0

  constructor(owner: RosterOwner<V>) {
    this.#owner = owner
  }

  /** Remote peers that are joined. */
  get size(): number {
    return this.#vias.size
  }

  /** Joined ids, each with the proxy that it is connected to. */
  members(): IterableIterator<[id: string, via: V]> {
    return this.#vias.entries()
  }

  /** The proxy of a joined id. */
  of(id: string): V | undefined {
    return this.#vias.get(id)
  }

  /** JOIN came; a repeated one does nothing. */
  join(via: V, id: string): void {
    const owner = this.#vias.get(id)
    if (owner === via) return
    let ids = this.#ids.get(via)
    if (owner !== undefined || this.#owner.isLocal(id) || (ids?.size ?? 0) >= MAX_JOINED_IDS) {
      this.refused += 1
      return
    }
    if (ids === undefined) {
      ids = new Set()
      this.#ids.set(via, ids)
    }
    ids.add(id)
    this.#vias.set(id, via)
    this.#owner.joined(id, via)
  }

  /** PART came. */
  part(via: V, id: string): void {
    if (this.#ids.get(via)?.delete(id) !== true) return
    this.#vias.delete(id)
    this.#owner.parted(id)
  }

  /** The proxy has left the channel, or is gone. */
  ended(via: V): void {
    const ids = this.#ids.get(via)
    this.#ids.delete(via)
    for (const id of ids ?? []) {
      this.#vias.delete(id)
      this.#owner.parted(id)
    }
  }

  /** The channel is no more. */
  clear(): void {
    const ids = [...this.#vias.keys()]
    this.#ids.clear()
    this.#vias.clear()
    for (const id of ids) this.#owner.parted(id)
  }
}
