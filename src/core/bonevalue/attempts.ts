// How fast passwords can be tried: per login name and per address, whichever is slower. Sessions are not limited, so the
// attempts of an attacker cannot lock out a user who is logged in.
import { KeyedBuckets, type BucketRule } from '../keyed-buckets.ts'

/** 5 attempts for a name, then one every 10 s; 20 from an address, then one a second. */
const RULES = { name: { burst: 5, perSecond: 0.1 }, address: { burst: 20, perSecond: 1 } } as const

/** Names, and addresses, that are remembered. */
const MAX_REMEMBERED = 10_000

/** Attempts to log in with a password. */
export class Attempts {
  readonly #names: KeyedBuckets<string>
  readonly #addresses: KeyedBuckets<string>

  constructor(rules: { readonly name: BucketRule; readonly address: BucketRule } = RULES) {
    this.#names = new KeyedBuckets(rules.name, MAX_REMEMBERED)
    this.#addresses = new KeyedBuckets(rules.address, MAX_REMEMBERED)
  }

  /**
   * Counts an attempt, unless it comes too early.
   *
   * @param name in the form that all spellings share
   * @param address key of the client's address (core/address-key.ts)
   * @returns 0: the attempt may go on; otherwise milliseconds to wait
   */
  begin(name: string, address: string, now: number): number {
    const wait = Math.max(this.#names.waitMs(name, now), this.#addresses.waitMs(address, now))
    if (wait > 0) return wait
    this.#names.take(name, now)
    this.#addresses.take(address, now)
    return 0
  }

  /** Takes an attempt back: the password was right, or was not checked. */
  takeBack(name: string, address: string, now: number): void {
    this.#names.giveBack(name, now)
    this.#addresses.giveBack(address, now)
  }
}
