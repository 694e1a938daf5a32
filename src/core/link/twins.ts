// Two links with one remote id (PROTOCOL §5.6): the proof that they end in one process, and which of the two is closed;
// or that the remote has ended one of them already.
// Ids are claims: without the proof nothing is kept out, merged or closed here.
import { compare, mapKey } from '../bytes.ts'
import {
  MAX_OVER_KEPT,
  MAX_OVER_SENT,
  MAX_SAME_KEPT,
  MAX_SAME_SENT,
  OVER_KEPT_MS,
  type LinkTimings
} from './constants.ts'
import type { Cancel, Clock } from '../clock.ts'
import { frameType } from './frames.ts'
import { overToken, sameToken, type LinkRole } from './handshake.ts'
import { linkFault, type LinkCloseCode, type LinkFault } from './link-fault.ts'
import type { LinkPrimitives } from './primitives.ts'
import type { Session } from './record-stream.ts'

/** What is asked of a link. */
export interface TwinLink {
  readonly role: LinkRole
  readonly session: Session | undefined
  readonly sweeps: number
  write(type: typeof frameType.same, body: Uint8Array): void
  /** Whether nothing will come any more. */
  readonly deaf: boolean
  probe(): void
  /** Calls `run` when the remote has taken all that was written so far. */
  barrier(run: () => void): void
  onNextFrame(run: () => void): void
  close(code: LinkCloseCode, reason: string): void
}

/** Told of proofs. */
export interface TwinEvents<L> {
  /** Both links end in one process. */
  proven(a: L, b: L): void
  /** Whether `link` can be missed because all its channels and peers are on `by`, too. */
  covered(link: L, by: L): boolean
  /** `duplicate` is about to be closed by us in favour of `kept`: its address is not to be dialled while that lives. */
  duplicate(duplicate: L, kept: L): void
  /** The remote has ended `link`, as it says on `on`; nothing has told us yet. */
  over(link: L, on: L): void
}

/** What is known of one live link. */
interface Known<L> {
  /** SAME tokens that came on it and matched nothing yet. */
  readonly tokens: Uint8Array[]
  /** How many came. */
  count: number
  /** Links proven to end where this one does, itself among them; one object for all of them. */
  group: Set<L>
  /** The link in favour of which this one will be closed by us. */
  yields?: Yielding<L> | undefined
}

/** A link that has ended here, perhaps not yet at the other end. */
interface Past {
  readonly id: string
  readonly sameKey: Uint8Array
}

/** A link of ours that gives way to another. */
interface Yielding<L> {
  readonly kept: L
  /** The kept one has received a frame since the proof. */
  heard: boolean
  /** Asked the remote to tell when it has taken all that was written on the kept one. */
  asked: boolean
  /** Something was said or matched since that was asked. */
  stale: boolean
  timer: Cancel
}

/** The links of a proxy that may be twins. */
export class Twins<L extends TwinLink> {
  readonly #primitives: LinkPrimitives
  readonly #clock: Clock
  readonly #timings: LinkTimings
  readonly #events: TwinEvents<L>
  /** Live links by the id that the remote claims, oldest first. */
  readonly #byId = new Map<string, L[]>()
  readonly #known = new Map<L, Known<L>>()
  /** Links of which all has come that the remote did not say on another one, too. */
  readonly #drained = new WeakSet<L>()
  /** Oldest first. */
  readonly #past = new Set<Past>()

  constructor(primitives: LinkPrimitives, clock: Clock, timings: LinkTimings, events: TwinEvents<L>) {
    this.#primitives = primitives
    this.#clock = clock
    this.#timings = timings
    this.#events = events
  }

  /** Whether both are one remote; also for a link and itself. */
  related(a: L, b: L): boolean {
    return a === b || (this.#known.get(a)?.group.has(b) ?? false)
  }

  /** Whether nothing that was sent on a link which we have closed is missing. */
  isDrained(link: L): boolean {
    return this.#drained.has(link)
  }

  /** Whether live links claim the remote id of one that has just reached OPEN. */
  mayHaveTwin(link: L): boolean {
    return this.#byId.has(mapKey(link.session!.remoteId))
  }

  /** A link has reached OPEN. */
  opened(link: L): void {
    const key = mapKey(link.session!.remoteId)
    const others = [...(this.#byId.get(key) ?? [])]
    this.#byId.set(key, [...others, link])
    this.#known.set(link, { tokens: [], count: 0, group: new Set([link]) })
    for (const other of others.slice(0, MAX_SAME_SENT)) link.write(frameType.same, this.#token(other, link, link.role))
    this.#tellPast(key, link)
    for (const other of others) {
      other.probe()
      const known = this.#known.get(other)!
      const token = known.tokens.find(token => this.#fits(token, link, other))
      if (token === undefined) continue
      known.tokens.splice(known.tokens.indexOf(token), 1)
      this.#prove(other, link)
    }
  }

  /** A token came on a link. */
  same(link: L, token: Uint8Array): LinkFault | undefined {
    const known = this.#known.get(link)!
    known.count += 1
    if (known.count > MAX_SAME_KEPT) return linkFault(1008, 'Too many SAME')
    for (const other of this.#byId.get(mapKey(link.session!.remoteId)) ?? []) {
      if (other === link) continue
      if (this.#fits(token, other, link)) {
        this.#prove(link, other)
        return undefined
      }
      if (this.#isOver(token, other, link)) {
        this.#events.over(other, link)
        return undefined
      }
    }
    known.tokens.push(token.slice())
    return undefined
  }

  /** A sweep has ended on a link. */
  swept(link: L): void {
    for (const other of this.#known.get(link)?.group ?? []) this.#yieldWhereDue(other)
  }

  /** A channel was matched on a link, or a local peer was announced on it. */
  changed(link: L): void {
    for (const other of this.#known.get(link)?.group ?? []) {
      const { yields } = this.#known.get(other)!
      if (yields !== undefined && (other === link || yields.kept === link)) yields.stale = true
    }
  }

  /** A link has ended. */
  ended(link: L): void {
    const known = this.#known.get(link)
    if (known === undefined) return
    const key = mapKey(link.session!.remoteId)
    const rest = (this.#byId.get(key) ?? []).filter(other => other !== link)
    if (rest.length > 0) this.#byId.set(key, rest)
    else this.#byId.delete(key)
    this.#known.delete(link)
    this.#remember(key, link.session!.sameKey)
    known.yields?.timer()
    known.group.delete(link)
    this.#settle(known.group)
  }

  /** The token that the end with `role` of link `on` sends for link `of`. */
  #token(of: L, on: L, role: LinkRole): Uint8Array {
    return sameToken(this.#primitives, of.session!.sameKey, on.session!.L, role)
  }

  /** Whether a token that came on link `on` is for link `of`. */
  #fits(token: Uint8Array, of: L, on: L): boolean {
    return this.#primitives.equal(token, this.#token(of, on, on.role === 'I' ? 'R' : 'I'))
  }

  /** Whether a token that came on link `on` says that the remote has ended link `of`. */
  #isOver(token: Uint8Array, of: L, on: L): boolean {
    return this.#primitives.equal(
      token,
      overToken(this.#primitives, of.session!.sameKey, on.session!.L, on.role === 'I' ? 'R' : 'I')
    )
  }

  /** The remote may not know yet that a link has ended, and would take it for the one whose peers are joined. */
  #tellPast(id: string, on: L): void {
    const past = [...this.#past].filter(past => past.id === id).slice(-MAX_OVER_SENT)
    for (const { sameKey } of past)
      on.write(frameType.same, overToken(this.#primitives, sameKey, on.session!.L, on.role))
  }

  #remember(id: string, sameKey: Uint8Array): void {
    const past: Past = { id, sameKey: sameKey.slice() } // The link erases its own.
    this.#past.add(past)
    this.#clock.after(OVER_KEPT_MS, () => this.#forget(past))
    const [oldest] = this.#past
    if (oldest !== undefined && this.#past.size > MAX_OVER_KEPT) this.#forget(oldest)
  }

  #forget(past: Past): void {
    past.sameKey.fill(0)
    this.#past.delete(past)
  }

  #prove(a: L, b: L): void {
    if (this.related(a, b)) return
    const group = new Set([...this.#known.get(a)!.group, ...this.#known.get(b)!.group])
    for (const link of group) this.#known.get(link)!.group = group
    this.#events.proven(a, b)
    this.#settle(group)
  }

  /** Decides which link of a group is kept; those of the others that we dialled are to be closed by us. */
  #settle(group: Set<L>): void {
    const [kept, ...others] = [...group].toSorted((a, b) => this.#order(a, b))
    if (kept === undefined) return
    this.#stay(kept)
    for (const other of others) {
      const known = this.#known.get(other)!
      if (other.role !== 'I' || known.yields?.kept === kept) continue
      this.#stay(other)
      known.yields = { kept, heard: false, asked: false, stale: false, timer: () => {} }
      this.#limit(other, known.yields)
      this.#listen(other, known.yields)
    }
    if (others.length > 0) kept.probe()
  }

  /** It gives way in any case, once the kept one gives a sign of life; without one that is found dead instead. */
  #limit(link: L, yields: Yielding<L>): void {
    const { kept } = yields
    yields.timer = this.#clock.after(this.#timings.twinCloseMs, () => {
      kept.probe()
      kept.barrier(() => {
        if (this.#known.get(link)?.yields !== yields || kept.deaf) return
        this.#close(link, kept, !this.#events.covered(link, kept))
      })
    })
  }

  /** The link need not give way any longer. */
  #stay(link: L): void {
    const known = this.#known.get(link)!
    known.yields?.timer()
    known.yields = undefined
  }

  /** Dialled by the smaller id first, then the smaller L. */
  #order(a: L, b: L): number {
    return Number(this.#dialledByLarger(a)) - Number(this.#dialledByLarger(b)) || compare(a.session!.L, b.session!.L)
  }

  #dialledByLarger(link: L): boolean {
    return compare(link.session!.idI, link.session!.idR) > 0
  }

  /** Looks at each frame of the kept link whether the other can go now. */
  #listen(link: L, yields: Yielding<L>): void {
    yields.kept.onNextFrame(() => {
      if (this.#known.get(link)?.yields !== yields) return
      yields.heard = true
      this.#yieldWhereDue(link)
      if (!yields.asked) this.#listen(link, yields)
    })
  }

  /**
   * The kept link must have received a frame since the proof and ended a sweep. Beyond that, so that nobody seems to
   * leave and come back and nothing is lost: what is known of the remote on the one is known on the other; the remote has
   * taken all that was said on the kept one, since two connections keep no common order; and what it said on the duplicate
   * alone has come. What changes while that is asked starts it over.
   */
  #yieldWhereDue(link: L): void {
    const yields = this.#known.get(link)?.yields
    if (
      yields === undefined ||
      yields.asked ||
      !yields.heard ||
      yields.kept.sweeps === 0 ||
      !this.#events.covered(link, yields.kept)
    )
      return
    yields.asked = true
    yields.stale = false
    yields.kept.barrier(() =>
      link.barrier(() => {
        if (this.#known.get(link)?.yields !== yields || yields.kept.deaf) return
        if (!yields.stale && this.#events.covered(link, yields.kept)) {
          this.#drained.add(link)
          this.#close(link, yields.kept, false)
          return
        }
        yields.asked = false
        this.#listen(link, yields)
        this.#yieldWhereDue(link)
      })
    )
  }

  /** @param missed whether something is on the duplicate alone */
  #close(duplicate: L, kept: L, missed: boolean): void {
    this.#stay(duplicate)
    this.#events.duplicate(duplicate, kept)
    if (missed) duplicate.close(1001, 'Another link to the same remote is kept, and not all is on it yet')
    else duplicate.close(4000, 'Another link to the same remote is kept')
  }
}
