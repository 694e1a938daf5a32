// How much work remotes may cause: one token bucket of elements over all links, and who is served first when it is empty
// (PROTOCOL §6). Not a scheduler of the computation itself (step runner), and no judge of what a link does with a refusal.
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
  /**
   * Ends it; a second call does nothing.
   * @param used elements that are spent: N_R, or 0 where the link failed before M2
   * @param ranOut the remote let it run out
   */
  settle(used: number, ranOut?: boolean): void
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
  /** Addresses in the order in which they were served last. */
  readonly #served = new Map<string, number>()
  #turn = 0
  /** Until when an address is served last. */
  readonly #penalties = new Map<string, number>()
  /** Addresses whose unproven links hold a reservation. */
  readonly #holders = new Set<string>()
  readonly #waiting: Request[] = []
  #timer: Cancel | undefined

  constructor(budgets: LinkBudgets, timings: LinkTimings, clock: Clock) {
    this.#budgets = budgets
    this.#timings = timings
    this.#clock = clock
    this.#bucket = new TokenBucket(budgets.cpuPerSecond, budgets.cpuBurst, clock.now())
  }

  /** Elements that may be spent now; negative where a proven link overdrew. */
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

  #hold(client: CpuClient): CpuReservation {
    // Whoever is proven later still frees the place that he took unproven.
    const holds = !client.proven
    if (holds) this.#holders.add(client.address)
    let open = true
    return {
      settle: (used, ranOut = false) => {
        if (!open) return
        open = false
        if (holds) this.#holders.delete(client.address)
        const now = this.#clock.now()
        this.#bucket.giveBack(MAX_BLOCK - used, now)
        this.#shares.get(client.address)?.giveBack(MAX_BLOCK - used, now)
        if (ranOut) this.#remember(this.#penalties, client.address, now + this.#timings.penaltyMs)
        this.#serve()
      }
    }
  }

  /** Serves whom it can, the first in line first. */
  #serve(): void {
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

  /** Proven links first, those who let a reservation run out last, then round-robin by address, then by age. */
  #before(a: Request, b: Request): boolean {
    const rank = this.#rank(a) - this.#rank(b)
    if (rank !== 0) return rank < 0
    return (this.#served.get(a.client.address) ?? 0) < (this.#served.get(b.client.address) ?? 0)
  }

  #rank({ client }: Request): number {
    if ((this.#penalties.get(client.address) ?? 0) > this.#clock.now()) return 2
    return client.proven ? 0 : 1
  }

  #spend({ client, count }: Request): void {
    const now = this.#clock.now()
    this.#bucket.overdraw(count, now)
    // The share is only held against an address while another waits; what it takes alone may not put it into debt.
    const share = this.#share(client.address)
    share.overdraw(Math.min(count, share.level(now)), now)
    this.#remember(this.#served, client.address, ++this.#turn)
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

  /** Looks again when time alone could change who is served. */
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
    if (wait !== Infinity) this.#timer = this.#clock.after(Math.max(1, Math.ceil(wait * 1000)), () => this.#serve())
  }
}
