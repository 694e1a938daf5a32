// How often names may be guessed: one token bucket per guessable name over all links, so that a thousand remotes test a
// name no faster than one (PROTOCOL §6). Not the CPU budget, and it holds no name: only keyed hashes of this run.
import { isStrongName } from '../../channel-name.ts'
import { TokenBucket } from '../../token-bucket.ts'
import { GUESS_RESERVATION, type LinkBudgets } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'

interface Entry {
  readonly bucket: TokenBucket
  /** Rounds of I that have reserved and not settled. */
  outstanding: number
}

/**
 * - `ready`: the tokens are there
 * - `later`: they would be if outstanding reservations came back: wait for a settlement
 * - `short`: they are not: the channel sits out
 */
export type GuessOutlook = 'ready' | 'later' | 'short'

/** One hint of M3 fits whichever of I's elements has the slot's name: it tests the name against all of them at once. */
function answerPrice(sizeI: number): number {
  return sizeI + 1
}

/** The guess buckets of one proxy. */
export class GuessBudget {
  readonly #budgets: LinkBudgets
  readonly #clock: Clock
  readonly #keyOf: (name: string) => string
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>()
  readonly #waiting = new Set<() => void>()
  /** How often a channel sat out because it could not pay; for metrics. */
  refusals = 0

  /** @param keyOf a keyed hash of the name, under a key of this run */
  constructor(budgets: LinkBudgets, clock: Clock, keyOf: (name: string) => string) {
    this.#budgets = budgets
    this.#clock = clock
    this.#keyOf = keyOf
  }

  /** Names that are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Whether I could reserve for the name now. */
  outlook(name: string): GuessOutlook {
    if (isStrongName(name)) return 'ready'
    const { bucket, outstanding } = this.#entry(name)
    const level = bucket.level(this.#clock.now())
    if (level >= GUESS_RESERVATION) return 'ready'
    return level + outstanding * GUESS_RESERVATION >= GUESS_RESERVATION && outstanding > 0 ? 'later' : 'short'
  }

  /** I reserves for a name that is put into M1. @returns false if it cannot pay */
  reserve(name: string): boolean {
    if (isStrongName(name)) return true
    const entry = this.#entry(name)
    if (!entry.bucket.take(GUESS_RESERVATION, this.#clock.now())) return this.#refuse()
    entry.outstanding += 1
    return true
  }

  /** I knows N_R, or the round has failed before that: gives back the unused tokens of each reserved name. */
  settle(names: readonly string[], used: number): void {
    for (const name of names) {
      if (isStrongName(name)) continue
      const entry = this.#entry(name)
      entry.outstanding = Math.max(0, entry.outstanding - 1)
      entry.bucket.giveBack(GUESS_RESERVATION - used, this.#clock.now())
    }
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const run of waiting) run()
  }

  /** Calls `run` once after the next settlement. */
  afterSettlement(run: () => void): Cancel {
    this.#waiting.add(run)
    return () => this.#waiting.delete(run)
  }

  /** Whether R may put the name into M2. @param sizeI N_I */
  canAnswer(name: string, sizeI: number): boolean {
    return (
      isStrongName(name) || this.#entry(name).bucket.level(this.#clock.now()) >= answerPrice(sizeI) || this.#refuse()
    )
  }

  /** R pays for a name of M2 once M3 is there; false: it counts as not hit. @param sizeI N_I */
  payAnswer(name: string, sizeI: number): boolean {
    return isStrongName(name) || this.#entry(name).bucket.take(answerPrice(sizeI), this.#clock.now()) || this.#refuse()
  }

  #refuse(): false {
    this.refusals += 1
    return false
  }

  #entry(name: string): Entry {
    const key = this.#keyOf(name)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#evict()
      const { guessPerSecond, guessBurst } = this.#budgets
      entry = { bucket: new TokenBucket(guessPerSecond, guessBurst, this.#clock.now()), outstanding: 0 }
    } else {
      this.#entries.delete(key)
    }
    this.#entries.set(key, entry)
    return entry
  }

  /**
   * Makes room: names that were used longest ago go where all their tokens have come back, since that is how a name
   * begins; and where too many are left, the first but one that waits for a settlement.
   */
  #evict(): void {
    const now = this.#clock.now()
    for (const [key, { bucket, outstanding }] of this.#entries) {
      if (outstanding > 0 || bucket.level(now) < this.#budgets.guessBurst) break
      this.#entries.delete(key)
    }
    if (this.#entries.size < this.#budgets.guessNames) return
    for (const [key, { outstanding }] of this.#entries) {
      if (outstanding > 0) continue
      this.#entries.delete(key)
      return
    }
  }
}
