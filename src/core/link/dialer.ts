// Whom to dial, and when (PROTOCOL §4): static peers always, discovered proxies by the order of the ids, failed dials
// with back-off. Not the dialling itself: a function is given that makes a connection and tells how it went.
import type { RemoteProxy } from '../discovery.ts'
import { compare, fromBase32, mapKey } from '../bytes.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { LinkRole } from './handshake.ts'

/** Times of the dialler, in milliseconds. */
export interface DialTimings {
  /** The larger id dials a discovered proxy when it has no link after so long. */
  readonly largerMs: number
  /** Wait after the first failed dial; it doubles. */
  readonly backOffMs: number
  readonly maxBackOffMs: number
  /** A link that stood for less counts as a failed dial. */
  readonly steadyMs: number
}

/** The times of the protocol; steadyMs is an own choice. */
export const dialTimings: DialTimings = { largerMs: 3000, backOffMs: 1000, maxBackOffMs: 300_000, steadyMs: 10_000 }

/** What the dialler looks at in a link. */
export interface DialledLink {
  readonly role: LinkRole
  readonly session: { readonly remoteId: Uint8Array } | undefined
}

/** One dial. */
export interface DialRequest {
  readonly host: string
  readonly port: number
  /** The id that must answer; `undefined` for a static peer and for a dial by the larger id. */
  readonly dialledId: Uint8Array | undefined
}

/** What a dial came to; each called once at most. */
export interface DialOutcome<L> {
  /** The link has reached OPEN. */
  opened(link: L): void
  /** The connection or the link has ended, or never came to be. */
  ended(): void
}

/** Somebody to be dialled. */
interface Target<L> {
  readonly id: Uint8Array | undefined
  addresses: readonly { readonly host: string; readonly port: number }[]
  /** Place in the addresses. */
  next: number
  failures: number
  /** A dial is under way, or its link stands. */
  busy: boolean
  /** There are addresses that were not known when that dial was made. */
  hasNews: boolean
  link: L | undefined
  openedAt: number
  /** The link that made ours a duplicate. */
  blockedBy: L | undefined
  timer: Cancel | undefined
  /** Clock time at which the timer runs. */
  dueAt: number
  /** Not to be dialled any more. */
  gone: boolean
}

/** Keeps links to all who are known. @typeParam L a link */
export class Dialer<L extends DialledLink> {
  readonly #ownId: Uint8Array
  readonly #clock: Clock
  readonly #timings: DialTimings
  readonly #random: () => number
  readonly #dial: (request: DialRequest, outcome: DialOutcome<L>) => void
  readonly #targets = new Map<string, Target<L>>()
  /** Open links. */
  readonly #links = new Set<L>()

  constructor(
    ownId: Uint8Array,
    clock: Clock,
    timings: DialTimings,
    random: () => number,
    dial: (request: DialRequest, outcome: DialOutcome<L>) => void
  ) {
    this.#ownId = ownId
    this.#clock = clock
    this.#timings = timings
    this.#random = random
    this.#dial = dial
  }

  /** Adds a static peer, which is dialled from now on whatever is known of it. */
  addPeer(host: string, port: number): void {
    this.#add(`peer ${host} ${port}`, undefined, [{ host, port }])
  }

  /** A proxy was discovered, or its addresses have changed. */
  found(remote: RemoteProxy): void {
    const id = fromBase32(remote.id)
    if (id === undefined || id.length !== 16) return
    const addresses = remote.addresses.map(({ address, port }) => ({ host: address, port }))
    const target = this.#targets.get(remote.id)
    if (target === undefined) {
      this.#add(remote.id, id, addresses)
    } else {
      this.#readdress(target, addresses)
    }
  }

  /** Addresses not heard of before come first: discovery lists one that the remote has lost for two minutes more. */
  #readdress(target: Target<L>, addresses: Target<L>['addresses']): void {
    const isNew = ({ host, port }: { host: string; port: number }) =>
      !target.addresses.some(known => known.host === host && known.port === port)
    const news = addresses.filter(isNew)
    target.addresses = [...news, ...addresses.filter(address => !isNew(address))]
    target.next = 0
    if (news.length === 0) return
    target.hasNews = target.busy
    // No reason to wait minutes for an address that was never tried; but anybody can announce new ones all the time.
    target.failures = Math.min(target.failures, 2)
    this.#plan(target)
  }

  /** A discovered proxy is gone: what stands stays, but nothing is dialled again. */
  lost(id: string): void {
    const target = this.#targets.get(id)
    if (target === undefined) return
    this.#targets.delete(id)
    this.#forget(target)
  }

  /** Any link has reached OPEN, dialled or accepted. */
  linkOpened(link: L): void {
    this.#links.add(link)
  }

  /** Any link has ended. */
  linkEnded(link: L): void {
    if (!this.#links.delete(link)) return
    for (const target of this.#targets.values()) {
      if (target.blockedBy === link) target.blockedBy = undefined
      this.#plan(target)
    }
  }

  /** Our link is a duplicate of another: its address is not to be dialled while that one lives. */
  duplicate(duplicate: L, kept: L): void {
    for (const target of this.#targets.values()) if (target.link === duplicate) target.blockedBy = kept
  }

  stop(): void {
    for (const target of this.#targets.values()) this.#forget(target)
    this.#targets.clear()
  }

  #forget(target: Target<L>): void {
    target.gone = true
    target.timer?.()
  }

  #add(key: string, id: Uint8Array | undefined, addresses: Target<L>['addresses']): void {
    const target: Target<L> = {
      id,
      addresses,
      next: 0,
      failures: 0,
      busy: false,
      hasNews: false,
      link: undefined,
      openedAt: 0,
      blockedBy: undefined,
      timer: undefined,
      dueAt: 0,
      gone: false
    }
    this.#targets.set(key, target)
    this.#plan(target)
  }

  /** Whether we are the one that dials first. */
  #isFirst(target: Target<L>): boolean {
    return target.id === undefined || compare(this.#ownId, target.id) < 0
  }

  /** Dials at once, or after the time that the other has to dial, or after the back-off; never later than planned before. */
  #plan(target: Target<L>): void {
    if (!this.#wanted(target)) return
    const { largerMs, backOffMs, maxBackOffMs } = this.#timings
    let wait = this.#isFirst(target) ? 0 : largerMs
    if (target.failures > 0) {
      const backOff = Math.min(maxBackOffMs, backOffMs * 2 ** (target.failures - 1))
      wait = Math.max(wait, backOff * (0.75 + 0.5 * this.#random()))
    }
    const dueAt = this.#clock.now() + wait
    if (target.timer !== undefined && target.dueAt <= dueAt) return
    target.timer?.()
    target.dueAt = dueAt
    target.timer = this.#clock.after(wait, () => {
      target.timer = undefined
      if (this.#wanted(target)) this.#start(target)
    })
  }

  /**
   * Whether a dial is needed. Only links that we dialled, and inbound ones of the smaller id, say that it is not: any
   * other inbound link merely claims an id, and must not stop a first dial.
   */
  #wanted(target: Target<L>): boolean {
    if (target.gone || target.busy || target.blockedBy !== undefined || target.addresses.length === 0) return false
    if (target.id === undefined) return true
    const key = mapKey(target.id)
    for (const { role, session } of this.#links) {
      if (session === undefined || mapKey(session.remoteId) !== key) continue
      if (role === 'I' || compare(target.id, this.#ownId) < 0) return false
    }
    return true
  }

  #start(target: Target<L>): void {
    const address = target.addresses[target.next % target.addresses.length]!
    target.busy = true
    target.hasNews = false
    this.#dial(
      { ...address, dialledId: this.#isFirst(target) ? target.id : undefined },
      {
        opened: link => {
          target.link = link
          target.openedAt = this.#clock.now()
        },
        ended: () => this.#ended(target)
      }
    )
  }

  #ended(target: Target<L>): void {
    const steady = target.link !== undefined && this.#clock.now() - target.openedAt >= this.#timings.steadyMs
    target.busy = false
    target.link = undefined
    if (steady) {
      target.failures = 0
      target.next = 0
    } else if (target.hasNews) {
      if (this.#wanted(target)) {
        this.#start(target)
        return
      }
    } else {
      // The other addresses are tried before it counts as a failure.
      target.next += 1
      if (target.next % target.addresses.length === 0) target.failures += 1
      else if (this.#wanted(target)) {
        this.#start(target)
        return
      }
    }
    this.#plan(target)
  }
}
