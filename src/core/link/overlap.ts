// The messages of one remote peer while it is joined on several links. Each comes on all of them, but for those that went
// out before the second link had the channel: a later one may overtake them on the other link, and waits here until they
// have come. Not who is joined where, and not when an overlap begins and ends (roster.ts).
import type { PeerMessage } from './channel-message.ts'
import type { Cancel } from './environment.ts'

/** Bytes that may wait; more than that and nothing waits any longer. */
export const MAX_OVERLAP_BYTES = 4 * 1024 * 1024

/** What an overlap needs. */
export interface OverlapOwner {
  /** A message that has waited counts now; in order. */
  late (message: PeerMessage): void
  /** Calls `run` when a link that has not brought what is missing will not bring it any more. */
  afterWait (run: () => void): Cancel
}

/** @typeParam L a link */
export class Overlap<L> {
  /** The last number taken. */
  seq: number
  readonly #owner: OverlapOwner
  readonly #links: ReadonlySet<L>
  /** The last number that each link has brought. */
  readonly #last = new Map<L, number>()
  #held: PeerMessage[] = []
  #bytes = 0
  #cancel: Cancel = () => {}

  /** @param links on which the peer is joined, as they come and go; @param seq the last number taken, brought by `first` */
  constructor (owner: OverlapOwner, links: ReadonlySet<L>, first: L, seq: number) {
    this.#owner = owner
    this.#links = links
    this.seq = seq
    if (seq > 0) this.#last.set(first, seq)
  }

  /** Whether a message counts now; later: it has overtaken others, and the owner is told of it when they have come. */
  accepts (link: L, message: PeerMessage): boolean | 'later' {
    const { seq } = message
    const isFirst = !this.#last.has(link)
    this.#last.set(link, Math.max(seq, this.#last.get(link) ?? 0))
    const [next] = this.#held
    if (next !== undefined && !this.#isBehind(next.seq)) this.release()
    if (seq <= this.seq) return false
    const last = this.#held.at(-1)
    if (last !== undefined ? seq >= this.#held[0]!.seq : isFirst && seq > this.seq + 1 && this.#isBehind(seq)) {
      if (last !== undefined && seq <= last.seq) return false
      this.#hold(message)
      return 'later'
    }
    this.seq = seq
    return true
  }

  /** A link has gone: what waits for it alone waits no longer. */
  left (link: L): void {
    this.#last.delete(link)
    const [next] = this.#held
    if (next !== undefined && !this.#isBehind(next.seq)) this.release()
  }

  /** Nothing waits any longer: all of it counts. */
  release (): void {
    this.#cancel()
    const held = this.#held
    this.#held = []
    this.#bytes = 0
    for (const message of held) {
      this.seq = message.seq
      this.#owner.late(message)
    }
  }

  /** Forgets what waits. */
  end (): void {
    this.#cancel()
    this.#held = []
  }

  /** Whether some link has still to bring this number or a later one, and so may bring an earlier one. */
  #isBehind (seq: number): boolean {
    for (const link of this.#links) if ((this.#last.get(link) ?? 0) < seq) return true
    return false
  }

  #hold (message: PeerMessage): void {
    if (this.#held.length === 0) this.#cancel = this.#owner.afterWait(() => this.release())
    this.#held.push({ ...message, payload: message.payload.slice() }) // A view into a record that is gone by then.
    this.#bytes += message.payload.length
    if (this.#bytes > MAX_OVERLAP_BYTES) this.release()
  }
}
