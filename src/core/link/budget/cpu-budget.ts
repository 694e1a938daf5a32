// Bounds the work that remotes cause: one token bucket of elements over all links, and the order of service when it is
// empty (docs/protocol/link.md §6.4). The step runner schedules the computation; a link decides what follows a refusal.
import { TokenBucket } from '../../token-bucket.ts'
import { MAX_BLOCK, type LinkBudgets, type LinkTimings } from '../constants.ts'
import type { Cancel, Clock } from '../../clock.ts'

/** Who asks. */
export interface CpuClient {
  /** An IPv4 address or an IPv6 /64. */
  readonly address: string
  /** Whether some channel is or was confirmed on the link. */
  readonly proven: boolean
}

/** A request that waits. */
interface Request {
  readonly client: CpuClient
  readonly count: number
  readonly reserves: boolean
  readonly granted: () => void
  /** Ends the wait of a charge. */
  readonly stop: Cancel
}

/** Elements that I holds from M1 to M2. */
export interface CpuReservation {
  /** It was given up for others that waited: its use in the end has to be paid again. */
  readonly revoked: boolean
  /**
   * Ends it; a second call does nothing.
   * @param used elements that are spent: N_R, or 0 if the link failed before M2
   * @param ranOut the remote let it run out
   */
  settle(used: number, ranOut?: boolean): void
}

/** A reservation of an unproven link. */
interface Holder {
  readonly since: number
  readonly revoke: () => void
}

/** Each address has at most this share of burst and rate while another waits. */
const SHARE = 4
/** Addresses remembered for fairness; they are a matter of minutes. */
const MAX_ADDRESSES = 1024

/** The CPU budget of one proxy. */
export class CpuBudget {
  readonly #budgets: LinkBudgets
  readonly #timings: LinkTimings
  readonly #clock: Clock
  readonly #bucket: TokenBucket
  readonly #shares = new Map<string, TokenBucket>()
  /** Elements that each address has had in the fair order: the next to be served is the one that would have least. */
  readonly #had = new Map<string, number>()
  /** The use that an address is charged with when it comes. */
  #base = 0
  /** Until when an address is served last. */
  readonly #penalties = new Map<string, number>()
  /** Addresses whose unproven links hold a reservation. */
  readonly #holders = new Map<string, Holder>()
  readonly #waiting: Request[] = []
  #timer: Cancel | undefined

  constructor(budgets: LinkBudgets, timings: LinkTimings, clock: Clock) {
    this.#budgets = budgets
    this.#timings = timings
    this.#clock = clock
    this.#bucket = new TokenBucket(budgets.cpuPerSecond, budgets.cpuBurst, clock.now())
  }

  /** Elements that may be spent now; negative if a proven link overdrew. */
  get level(): number {
    return this.#bucket.level(this.#clock.now())
  }

  /** I reserves 512 elements before M1, and waits as long as it takes. `granted` may be called at once. */
  reserve(client: CpuClient, granted: (reservation: CpuReservation) => void): Cancel {
    const request: Request = {
      client,
      count: MAX_BLOCK,
      reserves: true,
      granted: () => granted(this.#hold(client)),
      stop: () => {}
    }
    return this.#ask(request)
  }

  /** R pays N_I elements before M2. `granted` may be called at once, `refused` after the longest wait. */
  charge(client: CpuClient, count: number, granted: () => void, refused: () => void): Cancel {
    const stop = this.#clock.after(this.#timings.cpuWaitMs, () => {
      this.#withdraw(request)
      if (client.proven && this.level - count >= -this.#budgets.cpuOverdraft) {
        this.#spend(request)
        granted()
      } else {
        refused()
      }
      this.#serve()
    })
    const request: Request = { client, count, reserves: false, granted, stop }
    return this.#ask(request)
  }

  #ask(request: Request): Cancel {
    this.#waiting.push(request)
    this.#serve()
    return () => {
      this.#withdraw(request)
      this.#serve()
    }
  }

  #withdraw(request: Request): void {
    request.stop()
    const place = this.#waiting.indexOf(request)
    if (place >= 0) this.#waiting.splice(place, 1)
  }

  #hold({ address, proven }: CpuClient): CpuReservation {
    let state: 'open' | 'revoked' | 'settled' = 'open'
    const giveBack = (count: number): void => {
      // A link that is proven later still frees the place that it took unproven.
      if (!proven) this.#holders.delete(address)
      const now = this.#clock.now()
      this.#bucket.giveBack(count, now)
      this.#shares.get(address)?.giveBack(count, now)
      const had = this.#had.get(address)
      if (had !== undefined) this.#had.set(address, had - count)
    }
    const penalize = (): void => this.#remember(this.#penalties, address, this.#clock.now() + this.#timings.penaltyMs)
    const revoke = (): void => {
      state = 'revoked'
      giveBack(MAX_BLOCK)
      penalize()
    }
    if (!proven) this.#holders.set(address, { since: this.#clock.now(), revoke })
    return {
      get revoked() {
        return state === 'revoked'
      },
      settle: (used, ranOut = false) => {
        if (state === 'settled') return
        if (state === 'open') giveBack(MAX_BLOCK - used)
        else if (!ranOut) this.#penalties.delete(address)
        state = 'settled'
        if (ranOut) penalize()
        this.#serve()
      }
    }
  }

  /** Takes a reservation from the link that has held one for longest without using it, if another one waits for it. */
  #revoke(): void {
    if (!this.#waiting.some(request => !this.#hasPlace(request) && !this.#holders.has(request.client.address))) return
    const now = this.#clock.now()
    for (const { since, revoke } of [...this.#holders.values()]) if (now - since >= this.#timings.holdMs) revoke()
  }

  /** Serves whom it can, the first in line first. */
  #serve(): void {
    this.#revoke()
    for (;;) {
      const next = this.#next()
      if (next === undefined) break
      this.#withdraw(next)
      this.#spend(next)
      next.granted()
    }
    this.#arm()
  }

  /** The first in line, if the bucket holds enough for it. Whoever may not be served yet lets others pass. */
  #next(): Request | undefined {
    const best = this.#firstInLine()
    return best !== undefined && this.level >= best.count ? best : undefined
  }

  #firstInLine(): Request | undefined {
    const contested = this.#contested()
    let best: Request | undefined
    for (const request of this.#waiting) {
      if (!this.#hasPlace(request) || (contested && this.#shareLacks(request) > 0)) continue
      if (best === undefined || this.#before(request, best)) best = request
    }
    return best
  }

  /** Whether more than one address waits. */
  #contested(): boolean {
    const first = this.#waiting[0]?.client.address
    return this.#waiting.some(({ client }) => client.address !== first)
  }

  /** Whether the reservations of unproven links leave room for it. */
  #hasPlace({ client, reserves }: Request): boolean {
    if (!reserves || client.proven) return true
    return this.#holders.size < this.#budgets.unprovenReservations && !this.#holders.has(client.address)
  }

  /** Elements that the address's share lacks for it. */
  #shareLacks({ client, count }: Request): number {
    return count - this.#share(client.address).level(this.#clock.now())
  }

  /**
   * Proven links first, those who let a reservation run out last; then the one whose address would have had least after it,
   * so that a small round does not wait for large ones; then by age.
   */
  #before(a: Request, b: Request): boolean {
    const rank = this.#rank(a) - this.#rank(b)
    return rank === 0 ? this.#hadAfter(a) < this.#hadAfter(b) : rank < 0
  }

  #hadAfter({ client, count }: Request): number {
    return Math.max(this.#base, this.#had.get(client.address) ?? 0) + count
  }

  #rank({ client }: Request): number {
    if ((this.#penalties.get(client.address) ?? 0) > this.#clock.now()) return 2
    return client.proven ? 0 : 1
  }

  #spend(request: Request): void {
    const { client, count } = request
    const now = this.#clock.now()
    this.#bucket.overdraw(count, now)
    // The share counts against an address only while another waits; its use alone may not put it into debt.
    const share = this.#share(client.address)
    share.overdraw(Math.min(count, share.level(now)), now)
    const had = this.#hadAfter(request)
    this.#base = Math.max(this.#base, had - count)
    this.#remember(this.#had, client.address, had)
  }

  #share(address: string): TokenBucket {
    let share = this.#shares.get(address)
    if (share === undefined) {
      const { cpuBurst, cpuPerSecond } = this.#budgets
      share = new TokenBucket(cpuPerSecond / SHARE, cpuBurst / SHARE, this.#clock.now())
      this.#remember(this.#shares, address, share)
    }
    return share
  }

  #remember<T>(map: Map<string, T>, address: string, value: T): void {
    map.delete(address)
    map.set(address, value)
    if (map.size > MAX_ADDRESSES) map.delete(map.keys().next().value!)
  }

  /** Looks again when time alone could change the order of service. */
  #arm(): void {
    this.#timer?.()
    this.#timer = undefined
    const { cpuPerSecond } = this.#budgets
    const best = this.#firstInLine()
    let wait = best === undefined ? Infinity : (best.count - this.level) / cpuPerSecond
    for (const request of this.#waiting) {
      const lacks = this.#shareLacks(request)
      if (lacks > 0 && this.#hasPlace(request)) wait = Math.min(wait, lacks / (cpuPerSecond / SHARE))
    }
    for (const { since } of this.#holders.values())
      if (this.#waiting.some(request => !this.#hasPlace(request)))
        wait = Math.min(wait, (since + this.#timings.holdMs - this.#clock.now()) / 1000)
    if (wait !== Infinity) this.#timer = this.#clock.after(Math.max(1, Math.ceil(wait * 1000)), () => this.#serve())
  }
}
