// The messages of one remote peer while it is joined on several links, and after one of these has failed. Each message
// comes on all of them, but for those that went out before the second link had the channel: a later one may overtake them
// on the other link, and waits here until they have come. Where they can have been lost, it says so. Not who is joined
// where, and not when an overlap begins and ends (roster.ts).
import type { PeerMessage } from './channel-message.ts'
import type { Cancel } from '../clock.ts'

/** Bytes of one peer that may wait, and of all together; more than that and nothing of the peer waits any longer. */
export const MAX_OVERLAP_BYTES = 4 * 1024 * 1024
export const MAX_OVERLAPS_BYTES = 16 * 1024 * 1024
/** What a message counts beside its payload: so that thousands wait at most, and not millions of empty ones. */
export const OVERLAP_MESSAGE_BYTES = 1024

/** What an overlap needs. */
export interface OverlapOwner {
  /** A message that has waited counts now; in order. */
  late(message: PeerMessage): void
  /** Calls `run` when a link that has not brought what is missing will not bring it any more. */
  afterWait(run: () => void): Cancel
  /** What waits in all overlaps; they count in it. */
  readonly waiting: { bytes: number }
}

/** What a link has brought. It brings all after the first, in order. */
interface Brought {
  readonly first: number
  last: number
}

/** @typeParam L a link */
export class Overlap<L> {
  /** The last number taken. */
  seq: number
  readonly #owner: OverlapOwner
  readonly #broke: () => void
  readonly #links: ReadonlySet<L>
  readonly #brought = new Map<L, Brought>()
  /** A link has failed, at any time since the peer was joined. */
  failed: boolean
  /** So it has, and none that is left is known to bring all that it had still to bring. */
  #doubt = false
  /** What waits, by number. */
  readonly #held: PeerMessage[] = []
  #bytes = 0
  #cancel: Cancel = () => {}

  /**
   * @param broke called where messages may have been lost, before the first that counts after them
   * @param links on which the peer is joined, as they come and go
   * @param first the one before there were several
   * @param seq the last number taken, brought by that
   * @param failed whether a link of the peer has failed before
   */
  constructor(owner: OverlapOwner, broke: () => void, links: ReadonlySet<L>, first: L, seq: number, failed: boolean) {
    this.#owner = owner
    this.#broke = broke
    this.#links = links
    this.seq = seq
    this.failed = failed
    if (seq > 0) this.#brought.set(first, { first: seq, last: seq })
  }

  /** Nothing waits and nothing is in doubt: with one link left, numbers that rise are all there is to know. */
  get idle(): boolean {
    return !this.#doubt && this.#held.length === 0
  }

  /** Whether a message counts now; later: it has overtaken others, and the owner is told of it when they have come. */
  accepts(link: L, message: PeerMessage): boolean | 'later' {
    const { seq } = message
    const brought = this.#brought.get(link)
    if (brought === undefined) this.#brought.set(link, { first: seq, last: seq })
    else if (brought.last < seq) brought.last = seq
    if (seq > this.seq && this.#held.length === 0 && this.#isNext(seq)) {
      this.#take(seq)
      return true
    }
    const isNew = seq > this.seq && this.#hold(message)
    this.#advance(this.#bytes > MAX_OVERLAP_BYTES || (isNew && this.#owner.waiting.bytes > MAX_OVERLAPS_BYTES))
    return isNew && 'later'
  }

  /** A link has gone, others are left. @param failed whether messages that were sent on it can be missing */
  left(link: L, failed: boolean): void {
    this.#brought.delete(link)
    this.failed ||= failed
    // The remote may have closed this one, in order, in favour of one that has failed here.
    if (this.failed && !this.#isInStep()) this.#doubt = true
    this.#advance(false)
  }

  /** Forgets what waits. */
  end(): void {
    this.#cancel()
    this.#held.length = 0
    this.#count(-this.#bytes)
  }

  /** Takes what need not wait any longer. @param force all of it, whatever may be missing */
  #advance(force: boolean): void {
    let taken = 0
    for (const next of this.#held) {
      const overtaken = next.seq <= this.seq
      if (!overtaken && !force && !this.#isNext(next.seq)) break
      taken += 1
      this.#count(-next.payload.length - OVERLAP_MESSAGE_BYTES)
      if (overtaken) continue
      if (force && !this.#isNext(next.seq)) this.#doubt = true
      this.#take(next.seq)
      this.#owner.late(next)
    }
    if (taken === 0) return
    this.#held.splice(0, taken)
    this.#wait()
  }

  /** The number counts. */
  #take(seq: number): void {
    if (this.#doubt && !this.#follows(seq)) this.#broke()
    this.seq = seq
    if (this.#isInStep()) this.#doubt = false
  }

  /** Whether what comes before this number has been taken, or will never come. */
  #isNext(seq: number): boolean {
    return this.#follows(seq) || !this.#isBehind(seq)
  }

  /** Whether nothing that counts is between the last number taken and this one. */
  #follows(seq: number): boolean {
    if (seq === this.seq + 1) return true
    for (const { first, last } of this.#brought.values()) if (first <= this.seq && last >= seq) return true
    return false
  }

  /** Whether some link has still to bring this number or a later one, and so may bring an earlier one. */
  #isBehind(seq: number): boolean {
    for (const link of this.#links) if ((this.#brought.get(link)?.last ?? 0) < seq) return true
    return false
  }

  /** Whether some link brings all that is still to come. */
  #isInStep(): boolean {
    for (const { first } of this.#brought.values()) if (first <= this.seq) return true
    return false
  }

  /** @returns whether it was not there yet */
  #hold(message: PeerMessage): boolean {
    let at = this.#held.length
    while (at > 0 && this.#held[at - 1]!.seq > message.seq) at--
    if (this.#held[at - 1]?.seq === message.seq) return false
    this.#held.splice(at, 0, { ...message, payload: message.payload.slice() }) // A view into a record that is gone by then.
    this.#count(message.payload.length + OVERLAP_MESSAGE_BYTES)
    if (this.#held.length === 1) this.#wait()
    return true
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#owner.waiting.bytes += bytes
  }

  /** The first of those that wait does so from now on. */
  #wait(): void {
    this.#cancel()
    this.#cancel = this.#held.length === 0 ? () => {} : this.#owner.afterWait(() => this.#advance(true))
  }
}
