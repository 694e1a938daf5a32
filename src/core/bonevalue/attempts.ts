// How fast passwords can be tried: per login name and per address, whichever is slower. Not the check itself, and never
// asked for a session, so that nobody who is logged in can be locked out by the tries of another.
import { TokenBucket } from '../token-bucket.ts'

/** Tries that are free, and seconds until another one comes back. */
export interface AttemptRule {
  readonly burst: number
  readonly perSecond: number
}

/** 5 tries of a name, then one every 10 s; 20 from an address, then one a second. */
export const attemptRules = {
  name: { burst: 5, perSecond: 0.1 },
  address: { burst: 20, perSecond: 1 }
} as const satisfies Record<string, AttemptRule>

/** Names and addresses that are remembered, each. */
const MAX_REMEMBERED = 10_000

/** Buckets by key; the one that was used longest ago is forgotten first. */
class Buckets {
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #rule: AttemptRule

  constructor(rule: AttemptRule) {
    this.#rule = rule
  }

  /** Milliseconds until a try is free; 0: now. */
  waitMs(key: string, now: number): number {
    const level = this.#buckets.get(key)?.level(now) ?? this.#rule.burst
    return level >= 1 ? 0 : Math.ceil(((1 - level) / this.#rule.perSecond) * 1000)
  }

  take(key: string, now: number): void {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rule.perSecond, this.#rule.burst, now)
    this.#buckets.delete(key)
    if (this.#buckets.size >= MAX_REMEMBERED) this.#buckets.delete(this.#buckets.keys().next().value ?? '')
    this.#buckets.set(key, bucket)
    bucket.overdraw(1, now)
  }

  giveBack(key: string, now: number): void {
    this.#buckets.get(key)?.giveBack(1, now)
  }
}

/** Tries of passwords that are going on and were. */
export class Attempts {
  readonly #names: Buckets
  readonly #addresses: Buckets

  constructor(rules: { readonly name: AttemptRule; readonly address: AttemptRule } = attemptRules) {
    this.#names = new Buckets(rules.name)
    this.#addresses = new Buckets(rules.address)
  }

  /**
   * Begins a try.
   *
   * @param name in the form that all spellings share
   * @param address who tries (core/address-key.ts)
   * @returns 0: it may go on, and counts until `succeeded`; otherwise milliseconds to wait, and it did not count
   */
  begin(name: string, address: string, now: number): number {
    const wait = Math.max(this.#names.waitMs(name, now), this.#addresses.waitMs(address, now))
    if (wait > 0) return wait
    this.#names.take(name, now)
    this.#addresses.take(address, now)
    return 0
  }

  /** The password was right, or was never looked at: the try did not count. */
  succeeded(name: string, address: string, now: number): void {
    this.#names.giveBack(name, now)
    this.#addresses.giveBack(address, now)
  }
}
