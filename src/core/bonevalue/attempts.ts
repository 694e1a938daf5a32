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

  /** Attempts under way, by name and by address. */
  readonly #running = new Map<string, number>()
  #waiting: (() => void)[] = []

  constructor(rules: { readonly name: BucketRule; readonly address: BucketRule } = RULES) {
    this.#names = new KeyedBuckets(rules.name, MAX_REMEMBERED)
    this.#addresses = new KeyedBuckets(rules.address, MAX_REMEMBERED)
  }

  /**
   * Counts an attempt, unless it comes too early. Each attempt that may go on has to end with `end`.
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
    for (const key of keysOf(name, address)) this.#running.set(key, (this.#running.get(key) ?? 0) + 1)
    return 0
  }

  /** Ends an attempt. @param isWrong false: the password was right, or was not checked, so the attempt does not count */
  end(name: string, address: string, isWrong: boolean, now: number): void {
    if (!isWrong) {
      this.#names.giveBack(name, now)
      this.#addresses.giveBack(address, now)
    }
    for (const key of keysOf(name, address)) {
      const count = (this.#running.get(key) ?? 1) - 1
      if (count === 0) this.#running.delete(key)
      else this.#running.set(key, count)
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /**
   * Waits for the end of an attempt, if one is under way that keeps this one out: it may be right, and then does not count.
   *
   * @returns undefined: only time helps
   */
  mayClear(name: string, address: string, now: number): Promise<void> | undefined {
    const [nameKey, addressKey] = keysOf(name, address)
    const blocked = this.#names.waitMs(name, now) > 0 ? nameKey : addressKey
    if (!this.#running.has(blocked)) return undefined
    return new Promise(resolve => this.#waiting.push(resolve))
  }
}

function keysOf(name: string, address: string): [string, string] {
  return [`name ${name}`, `address ${address}`]
}
