// How many connections a mesh listener takes, and from whom (PROTOCOL §6). Not how many links may stand at once
// (link-slots.ts), and no socket.
import { TokenBucket } from '../../token-bucket.ts'
import type { Clock } from '../../clock.ts'

const PER_ADDRESS = { perSecond: 5, burst: 10 }
const LOOPBACK = { perSecond: 100, burst: 256 }
const IN_ALL = { perSecond: 20, burst: 40 }
/** Addresses remembered; an address that was silent for two seconds has a full bucket anyway. */
const MAX_ADDRESSES = 4096

/** Says whether a new connection is taken. */
export class ConnectionRate {
  readonly #clock: Clock
  readonly #loopback: TokenBucket
  readonly #all: TokenBucket
  readonly #addresses = new Map<string, TokenBucket>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#loopback = new TokenBucket(LOOPBACK.perSecond, LOOPBACK.burst, clock.now())
    this.#all = new TokenBucket(IN_ALL.perSecond, IN_ALL.burst, clock.now())
  }

  /**
   * Takes one connection, or refuses it.
   * @param address an IPv4 address or an IPv6 /64
   */
  take(address: string, loopback: boolean): boolean {
    const now = this.#clock.now()
    if (loopback) return this.#loopback.take(1, now)
    // The address pays first: its refusal costs the others nothing.
    return this.#bucketOf(address).take(1, now) && this.#all.take(1, now)
  }

  #bucketOf(address: string): TokenBucket {
    let bucket = this.#addresses.get(address)
    if (bucket === undefined) bucket = new TokenBucket(PER_ADDRESS.perSecond, PER_ADDRESS.burst, this.#clock.now())
    else this.#addresses.delete(address)
    this.#addresses.set(address, bucket)
    if (this.#addresses.size > MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value!)
    return bucket
  }
}
