// How many links there may be, and which has to go when there are too many (PROTOCOL §6). Not the rate of new
// connections (connection-rate.ts), and what "go" means is the owner's matter.
import type { LinkBudgets } from '../constants.ts'

/** A link, as the slots see it. */
export interface SlotLink {
  /** An IPv4 address or an IPv6 /64. */
  readonly address: string
}

/** An address may hold this share of the proven slots while others need them. */
const PROVEN_SHARE = 4

/** The places that links take: half-open, then unproven, then proven. */
export class LinkSlots<L extends SlotLink> {
  readonly #budgets: LinkBudgets
  readonly #evict: (link: L) => void
  /** Each in the order of arrival. */
  readonly #halfOpen = new Set<L>()
  readonly #unproven = new Set<L>()
  readonly #proven = new Set<L>()
  /** Those among the unproven that are proven and found no place: the last to be evicted there. */
  readonly #crowdedOut = new Set<L>()

  /** @param evict must end the link, and so lead to removed() */
  constructor(budgets: LinkBudgets, evict: (link: L) => void) {
    this.#budgets = budgets
    this.#evict = evict
  }

  /** How many links hold a place of each kind. */
  get counts(): { readonly halfOpen: number; readonly unproven: number; readonly proven: number } {
    return { halfOpen: this.#halfOpen.size, unproven: this.#unproven.size, proven: this.#proven.size }
  }

  /** A connection was made, which has not said HELLO. */
  connected(link: L): void {
    this.#halfOpen.add(link)
    while (this.#halfOpen.size > this.#budgets.halfOpen) this.#remove(crowdOf(this.#halfOpen)[1][0]!)
  }

  /** A link has reached OPEN. */
  opened(link: L): void {
    this.#halfOpen.delete(link)
    this.#unproven.add(link)
    while (this.#unproven.size > this.#budgets.unproven) {
      const never = [...this.#unproven].filter(other => !this.#crowdedOut.has(other))
      this.#remove(crowdOf(never.length > 0 ? never : this.#unproven)[1][0]!)
    }
  }

  /**
   * A link has its first confirmed channel. Where all places of its kind are taken and no address has more than its
   * share, it stays among the unproven.
   */
  proved(link: L): void {
    if (!this.#unproven.has(link)) return
    if (this.#proven.size >= this.#budgets.proven) {
      const [address, links] = crowdOf(this.#proven)
      if (links.length <= this.#budgets.proven / PROVEN_SHARE || address === link.address) {
        this.#crowdedOut.add(link)
        return
      }
      this.#remove(links[0]!)
    }
    this.#unproven.delete(link)
    this.#proven.add(link)
  }

  /** A link has ended: its place is free, and goes to a link that is proven and found none. */
  removed(link: L): void {
    for (const links of [this.#halfOpen, this.#unproven, this.#proven, this.#crowdedOut]) links.delete(link)
    const next = this.#crowdedOut.values().next().value
    if (next === undefined || this.#proven.size >= this.#budgets.proven) return
    this.#crowdedOut.delete(next)
    this.#unproven.delete(next)
    this.#proven.add(next)
  }

  #remove(link: L): void {
    this.removed(link)
    this.#evict(link)
  }
}

/** The address with most links, and those in the order of arrival. */
function crowdOf<L extends SlotLink>(links: Iterable<L>): [string, readonly L[]] {
  const crowds = new Map<string, L[]>()
  let largest: [string, L[]] = ['', []]
  for (const link of links) {
    const crowd = crowds.get(link.address) ?? []
    crowd.push(link)
    crowds.set(link.address, crowd)
    if (crowd.length > largest[1].length) largest = [link.address, crowd]
  }
  return largest
}
