// Token buckets by key, all with one rule. The key whose use is the longest ago is forgotten first.
import { TokenBucket } from './token-bucket.ts'

/** Tokens that can be taken at once, and tokens that come back per second. */
export interface BucketRule {
  readonly burst: number
  readonly perSecond: number
}

/** Every key that is not remembered has a full bucket. */
export class KeyedBuckets<K> {
  readonly #buckets = new Map<K, TokenBucket>()
  readonly #rule: BucketRule
  readonly #maxKeys: number

  constructor(rule: BucketRule, maxKeys: number) {
    this.#rule = rule
    this.#maxKeys = maxKeys
  }

  /** Milliseconds until a token can be taken; 0: now. */
  waitMs(key: K, now: number): number {
    const level = this.#buckets.get(key)?.level(now) ?? this.#rule.burst
    return level >= 1 ? 0 : Math.ceil(((1 - level) / this.#rule.perSecond) * 1000)
  }

  /** Takes a token. @returns false: the bucket is empty */
  take(key: K, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rule.perSecond, this.#rule.burst, now)
    this.#buckets.delete(key)
    if (this.#buckets.size >= this.#maxKeys) this.#buckets.delete(this.#buckets.keys().next().value as K)
    this.#buckets.set(key, bucket)
    return bucket.take(1, now)
  }

  /** Returns a token that was taken. */
  giveBack(key: K, now: number): void {
    this.#buckets.get(key)?.giveBack(1, now)
  }
}
