// The remote peers of one channel: which ids are joined, on which links, whose they are, and which messages count. Not
// the local peers (its owner is asked), and no messages are sent here.
//
// An id belongs to the remote whose JOIN took effect first. Links are compared by `related`: two that are proven to end
// in one process are one remote, any others are strangers, whatever id they claim.
import type { PeerMessage } from './channel-message.ts'
import { MAX_JOINED_IDS, MAX_PENDING_IDS } from './constants.ts'
import { Overlap, type OverlapOwner } from './overlap.ts'

/** What a roster asks and tells. */
export interface RosterOwner<L> {
  /** Whether the id is a local peer of the channel. */
  isLocal(id: string): boolean
  /** Whether both links are proven to end in one process; also for a link and itself. */
  related(a: L, b: L): boolean
  /** A remote peer is there. */
  joined(id: string, link: L): void
  /** It is gone. */
  parted(id: string): void
  /** For those whose peers may be joined on several links at once. */
  readonly overlaps?: OverlapOwner
}

interface Entry<L> {
  /** Links on which it is joined; all related. */
  readonly links: Set<L>
  /** The last seq taken from it, while there is no overlap. */
  seq: number
  /** A link of it has failed while it was on others, too. */
  failed: boolean
  /** While it is on several, and until it is sure that nothing is missing. */
  overlap: Overlap<L> | undefined
}

/** What one link claims in the channel. */
interface Claims {
  readonly joined: Set<string>
  readonly pending: Set<string>
}

/** Remote peers of one channel. @typeParam L a link */
export class Roster<L> {
  readonly #owner: RosterOwner<L>
  readonly #entries = new Map<string, Entry<L>>()
  /** In the order in which the links came. */
  readonly #claims = new Map<L, Claims>()
  /** JOINs above a limit. */
  ignored = 0

  constructor(owner: RosterOwner<L>) {
    this.#owner = owner
  }

  /** Remote peers that are joined. */
  get size(): number {
    return this.#entries.size
  }

  /** Joined ids, each with one of its links. */
  *members(): Generator<[id: string, link: L]> {
    for (const [id, { links }] of this.#entries)
      for (const link of links) {
        yield [id, link]
        break
      }
  }

  /** The links on which an id is joined. */
  linksOf(id: string): ReadonlySet<L> | undefined {
    return this.#entries.get(id)?.links
  }

  /** JOIN came. */
  join(link: L, id: string): void {
    const claims = this.#claimsOf(link)
    if (claims.joined.has(id) || claims.pending.has(id)) return
    if (this.#mayJoin(link, id)) this.#enter(link, id, claims)
    else if (claims.pending.size < MAX_PENDING_IDS) claims.pending.add(id)
    else this.ignored += 1
  }

  /** PART came. */
  part(link: L, id: string): void {
    const claims = this.#claims.get(link)
    if (claims === undefined || claims.pending.delete(id) || !claims.joined.delete(id)) return
    this.#leave(link, id)
  }

  /**
   * The link has left the channel, or has ended: all that it claims is over.
   * @param failed whether messages that were sent on it can be missing
   */
  ended(link: L, failed = false): void {
    const claims = this.#claims.get(link)
    if (claims === undefined) return
    this.#claims.delete(link)
    for (const id of claims.joined) this.#leave(link, id, failed)
  }

  /** The channel is no more. */
  clear(): void {
    this.#claims.clear()
    for (const [id, { overlap }] of this.#entries) {
      overlap?.end()
      this.#owner.parted(id)
    }
    this.#entries.clear()
  }

  /** A local peer has left: its id may be waited for. */
  localLeft(id: string): void {
    this.#promote(id)
  }

  /** Two links have been proven to be one remote: what one claims of the other's takes effect. */
  merged(a: L, b: L): void {
    for (const link of [a, b]) {
      const claims = this.#claims.get(link)
      for (const id of claims?.pending ?? []) if (this.#mayJoin(link, id)) this.#enter(link, id, claims!)
    }
  }

  /** Whether all that is joined on one link is joined on the other, too. */
  covers(link: L, by: L): boolean {
    for (const id of this.#claims.get(link)?.joined ?? [])
      if (this.#entries.get(id)?.links.has(by) !== true) return false
    return true
  }

  /**
   * Whether a message counts now: its source is joined on this very link, it is not older than one taken before, and has
   * not overtaken one on another link (then the owner is told of it later).
   */
  accepts(link: L, message: PeerMessage): boolean | 'later' {
    const entry = this.#entries.get(message.source)
    if (entry === undefined || !entry.links.has(link)) return false
    if (entry.overlap !== undefined) {
      const counts = entry.overlap.accepts(link, message)
      this.#endOverlap(entry)
      return counts
    }
    if (message.seq <= entry.seq) return false
    entry.seq = message.seq
    return true
  }

  /** Free, or the id of this very remote. */
  #mayJoin(link: L, id: string): boolean {
    if (this.#owner.isLocal(id)) return false
    for (const other of this.#entries.get(id)?.links ?? []) return this.#owner.related(link, other)
    return true
  }

  #enter(link: L, id: string, claims: Claims): void {
    claims.pending.delete(id)
    if (claims.joined.size >= MAX_JOINED_IDS) {
      this.ignored += 1
      return
    }
    claims.joined.add(id)
    const entry = this.#entries.get(id)
    if (entry !== undefined) {
      const { overlaps } = this.#owner
      const [first] = entry.links
      if (overlaps !== undefined && first !== undefined)
        entry.overlap ??= new Overlap(overlaps, () => this.#broke(id), entry.links, first, entry.seq, entry.failed)
      entry.links.add(link)
      return
    }
    this.#entries.set(id, { links: new Set([link]), seq: 0, failed: false, overlap: undefined })
    this.#owner.joined(id, link)
  }

  #leave(link: L, id: string, failed = false): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || !entry.links.delete(link)) return
    if (entry.links.size > 0) {
      entry.overlap?.left(link, failed)
      this.#endOverlap(entry)
      return
    }
    entry.overlap?.end()
    this.#entries.delete(id)
    this.#owner.parted(id)
    this.#promote(id)
  }

  #endOverlap(entry: Entry<L>): void {
    if (entry.overlap === undefined || entry.links.size > 1 || !entry.overlap.idle) return
    entry.seq = entry.overlap.seq
    entry.failed = entry.overlap.failed
    entry.overlap = undefined
  }

  /** Messages of a peer that stays joined may be lost: who hears the others is told as if it had gone and come back. */
  #broke(id: string): void {
    const [link] = this.#entries.get(id)!.links
    this.#owner.parted(id)
    this.#owner.joined(id, link!)
  }

  /** An id has become free: it goes to the link that has waited longest, and to those related to it. */
  #promote(id: string): void {
    for (const [link, claims] of this.#claims) {
      if (claims.pending.has(id) && this.#mayJoin(link, id)) this.#enter(link, id, claims)
    }
  }

  #claimsOf(link: L): Claims {
    let claims = this.#claims.get(link)
    if (claims === undefined) {
      claims = { joined: new Set(), pending: new Set() }
      this.#claims.set(link, claims)
    }
    return claims
  }
}
