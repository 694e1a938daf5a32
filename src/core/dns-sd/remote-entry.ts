// One id in the table of remote proxies: its records, their lifetimes, and the questions to ask.
import type { RemoteAddress } from '../discovery.ts'
import { dialable, textOf, type Source, type Surroundings } from './address-policy.ts'
import type { RemoteTableTimings } from './constants.ts'
import { instanceOf, type DiscoveryQuestion } from './records.ts'

interface Location {
  /** The packet with this address came from this address, as the announcement of a host does. */
  readonly matching: boolean
  readonly source: string
  /** Who sent it, as for `RemoteEntry.sender`. */
  readonly sender: string
  expires: number
  learned: number
  lifetime: number
}

/** Shares of its lifetime after which a record is asked for again (RFC 6762 §5.2). */
const REFRESH_SHARES = [0.8, 0.85, 0.9, 0.95]

export class RemoteEntry {
  readonly id: string
  /** The sender of its first record. Limits count ids per sender. */
  readonly sender: string
  readonly since: number
  /** Whether its TXT record names this version of the link protocol. */
  speaks = false
  /** For the own advertisement: whether it was reported as seen. */
  seen = false

  readonly #timings: RemoteTableTimings
  readonly #capacity: number
  readonly #locations = new Map<string, Location>()
  #service: { host: string; port: number; sender: string; expires: number; lifetime: number } | undefined
  #pointer: { expires: number; half: number } | undefined
  #goodbye = Infinity
  #missingAt: number
  #missingStep = 0
  #incompleteSince: number
  #refreshAt = Infinity
  #refreshStep = 0
  #freshUntil = 0
  #freshLifetime = 0

  constructor(id: string, sender: string, now: number, timings: RemoteTableTimings, capacity: number) {
    this.id = id
    this.sender = sender
    this.since = now
    this.#timings = timings
    this.#capacity = capacity
    this.#missingAt = now + timings.missingMs[0]!
    this.#incompleteSince = now
  }

  /** Host name of the service; undefined while unknown. */
  get host(): string | undefined {
    return this.#service?.host
  }

  /**
   * Whether a withdrawal counts: only from the sender of the id or of its service, or from an address that one of these has
   * named. Anybody can name an address.
   */
  mayWithdraw(source: Source, sender: string): boolean {
    const isTrusted = (one: string | undefined): boolean => one === this.sender || one === this.#service?.sender
    return isTrusted(sender) || isTrusted(this.#locations.get(textOf(source))?.sender ?? '')
  }

  point(now: number, ttl: number): void {
    const lifetime = Math.min(ttl, 4500) * 1000
    this.#pointer = { expires: now + lifetime, half: now + lifetime / 2 }
    this.#goodbye = Infinity
  }

  /** The SRV record arrived. The first one stands until it expires: host and port never change during a run. */
  serve(host: string, port: number, lifetime: number, now: number, sender: string): void {
    const known = this.#service !== undefined && this.#service.expires > now ? this.#service : undefined
    if (known !== undefined && (known.host !== host || known.port !== port)) return
    this.#service = { host, port, sender: known?.sender ?? sender, expires: now + lifetime, lifetime }
    this.#goodbye = Infinity
  }

  /** A record was withdrawn. @param at when that takes effect */
  withdraw(at: number): void {
    this.#goodbye = Math.min(this.#goodbye, at)
  }

  /** An address record of its host arrived. @param lifetime undefined: the address is withdrawn */
  locate(
    record: { readonly address: string; readonly flush: boolean },
    source: Source,
    surroundings: Surroundings,
    lifetime: number | undefined,
    now: number,
    sender: string
  ): void {
    const text = dialable(record.address, source, surroundings)
    if (text === undefined) return
    const known = this.#locations.get(text)
    if (lifetime === undefined) {
      if (known !== undefined && known.source === source.address)
        known.expires = Math.min(known.expires, now + this.#timings.goodbyeMs)
      return
    }
    if (record.flush) {
      // Flushes the earlier records of this source only (RFC 6762 §10.2). Other sources may be other interfaces of the
      // host, or forgers that want to silence it.
      for (const location of this.#locations.values()) {
        if (location.source === source.address && location.learned < now - 1000)
          location.expires = Math.min(location.expires, now + this.#timings.goodbyeMs)
      }
    }
    if (known !== undefined) Object.assign(known, { expires: now + lifetime, learned: now, lifetime })
    else {
      const matching = text === textOf(source)
      if (this.#hasRoomFor(matching))
        this.#locations.set(text, {
          matching,
          source: source.address,
          sender,
          expires: now + lifetime,
          learned: now,
          lifetime
        })
    }
  }

  #hasRoomFor(matching: boolean): boolean {
    if (this.#locations.size < this.#capacity) return true
    const doubtful = matching ? [...this.#locations].find(([, location]) => !location.matching) : undefined
    return doubtful !== undefined && this.#locations.delete(doubtful[0])
  }

  /** Drops expired records, plans the next questions, and returns the addresses to dial, the most promising first. */
  settle(now: number, random: number): RemoteAddress[] {
    for (const [address, location] of this.#locations) if (location.expires <= now) this.#locations.delete(address)
    const service = this.#service !== undefined && this.#service.expires > now ? this.#service : undefined
    const complete = service !== undefined && this.#locations.size > 0 && this.speaks
    if (complete) {
      this.#incompleteSince = Infinity
      this.#missingAt = Infinity
    } else if (this.#incompleteSince === Infinity) {
      this.#incompleteSince = now
      this.#missingAt = now
      this.#missingStep = 0
    }
    this.#planRefresh(random)
    if (service === undefined) return []
    const { port } = service
    // Sorting is stable: in each kind the address that came first stays first.
    return [...this.#locations]
      .toSorted(([, one], [, other]) => Number(other.matching) - Number(one.matching))
      .map(([address]) => ({ address, port }))
  }

  #planRefresh(random: number): void {
    const bearers = [
      this.#service,
      [...this.#locations.values()].toSorted((one, other) => other.expires - one.expires)[0]
    ]
    const first = bearers
      .filter(bearer => bearer !== undefined)
      .toSorted((one, other) => one.expires - other.expires)[0]
    if (first === undefined) {
      this.#refreshAt = Infinity
      return
    }
    if (first.expires <= this.#freshUntil) return
    this.#freshUntil = first.expires
    this.#freshLifetime = first.lifetime
    this.#refreshStep = 0
    this.#refreshAt = this.#refreshTime(random)
  }

  #refreshTime(random: number): number {
    const share = REFRESH_SHARES[this.#refreshStep]
    return share === undefined ? Infinity : this.#freshUntil - this.#freshLifetime * (1 - share - random * 0.02)
  }

  get askAt(): number {
    return Math.min(this.#missingAt, this.#refreshAt)
  }

  wanted(): DiscoveryQuestion[] {
    const name = instanceOf(this.id)
    const questions: DiscoveryQuestion[] = []
    const refreshing = this.#refreshAt <= this.#missingAt
    const families = new Set(
      [...this.#locations.keys()].map(address => (address.includes(':') ? ('AAAA' as const) : ('A' as const)))
    )
    const over = families.size === 0 ? 'both' : families.has('A') ? 'IPv4' : 'IPv6'
    if (this.#service === undefined || refreshing) questions.push({ name, type: 'SRV', over })
    if (!this.speaks) questions.push({ name, type: 'TXT', over })
    // The answer to SRV usually has the addresses too. The second time they are asked for.
    if (this.#service !== undefined && (families.size === 0 || (refreshing && this.#refreshStep > 0))) {
      for (const type of families.size > 0 ? families : (['A', 'AAAA'] as const))
        questions.push({ name: this.#service.host, type, over })
    }
    return questions
  }

  asked(now: number, random: number): void {
    if (this.#missingAt <= now) {
      this.#missingStep += 1
      this.#missingAt = now + (this.#timings.missingMs[this.#missingStep] ?? Infinity)
    }
    while (this.#refreshAt <= now) {
      // More than one step if the machine slept.
      this.#refreshStep += 1
      this.#refreshAt = this.#refreshTime(random)
    }
  }

  /** When the next record expires or takes effect. */
  get deadline(): number {
    let next = Math.min(
      this.#goodbye,
      this.#service?.expires ?? Infinity,
      this.#incompleteSince + this.#timings.incompleteMs
    )
    for (const location of this.#locations.values()) next = Math.min(next, location.expires)
    return next
  }

  isOver(now: number): boolean {
    return (
      this.#goodbye <= now ||
      this.#incompleteSince + this.#timings.incompleteMs <= now ||
      (this.#service !== undefined && this.#service.expires <= now)
    )
  }

  /** Remaining seconds of the PTR record; 0 after half of its lifetime. */
  knownSeconds(now: number): number {
    return this.#pointer === undefined || now > this.#pointer.half
      ? 0
      : Math.floor((this.#pointer.expires - now) / 1000)
  }
}
