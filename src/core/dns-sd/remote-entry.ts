// One id in the table of what was heard: its records, how long they live, what to ask for. Not the table's limits.
import type { RemoteAddress } from '../discovery.ts'
import { dialable, textOf, type Source, type Surroundings } from './address-policy.ts'
import { instanceOf, type DiscoveryQuestion } from './records.ts'
import type { RemoteTableTimes } from './remote-table.ts'

interface Location {
  /** The packet that brought it came from this very address, which a host's own announcement does. */
  readonly matching: boolean
  readonly source: string
  expires: number
  learned: number
  lifetime: number
}

/** Shares of its lifetime after which a record is asked for again (RFC 6762 §5.2). */
const refreshShares = [0.8, 0.85, 0.9, 0.95]

/** What was heard of one id. */
export class RemoteEntry {
  readonly id: string
  /** Who brought it first: its ids are counted together. */
  readonly sender: string
  readonly since: number
  /** Whether it says that it speaks this version of the link protocol. */
  speaks = false
  /** For the advertisement of this proxy itself: whether it was told as seen. */
  seen = false

  readonly #times: RemoteTableTimes
  readonly #capacity: number
  readonly #locations = new Map<string, Location>()
  #service: { host: string; port: number; expires: number; lifetime: number } | undefined
  #pointer: { expires: number; half: number } | undefined
  #goodbye = Infinity
  #missingAt: number
  #missingStep = 0
  #incompleteSince: number
  #refreshAt = Infinity
  #refreshStep = 0
  #freshUntil = 0
  #freshLifetime = 0

  constructor(id: string, sender: string, now: number, times: RemoteTableTimes, capacity: number) {
    this.id = id
    this.sender = sender
    this.since = now
    this.#times = times
    this.#capacity = capacity
    this.#missingAt = now + times.missingMs[0]!
    this.#incompleteSince = now
  }

  /** Name of the host that the service runs on; undefined while not known. */
  get host(): string | undefined {
    return this.#service?.host
  }

  /** Whether a withdrawal from there counts: only from who brought the id, or from one of its addresses. */
  accepts(source: Source, sender: string): boolean {
    return sender === this.sender || this.#locations.has(textOf(source))
  }

  /** The pointer to the instance was heard. */
  point(now: number, ttl: number): void {
    const lifetime = Math.min(ttl, 4500) * 1000
    this.#pointer = { expires: now + lifetime, half: now + lifetime / 2 }
    this.#goodbye = Infinity
  }

  /** The service was heard. What it says first stands until it ends: of one run, host and port never change. */
  serve(host: string, port: number, lifetime: number, now: number): void {
    if (
      this.#service !== undefined &&
      this.#service.expires > now &&
      (this.#service.host !== host || this.#service.port !== port)
    )
      return
    this.#service = { host, port, expires: now + lifetime, lifetime }
    this.#goodbye = Infinity
  }

  /** A record of it was withdrawn; that takes effect then. */
  withdraw(at: number): void {
    this.#goodbye = Math.min(this.#goodbye, at)
  }

  /** An address of its host was heard; without lifetime: withdrawn. */
  locate(
    record: { readonly address: string; readonly flush: boolean },
    source: Source,
    surroundings: Surroundings,
    lifetime: number | undefined,
    now: number
  ): void {
    const text = dialable(record.address, source, surroundings)
    if (text === undefined) return
    const known = this.#locations.get(text)
    if (lifetime === undefined) {
      if (known !== undefined && known.source === source.address)
        known.expires = Math.min(known.expires, now + this.#times.goodbyeMs)
      return
    }
    if (record.flush) {
      // Of what this very source said, only what it says now stands (RFC 6762 §10.2); others may speak for other
      // interfaces of the host, or be forgers who would silence it.
      for (const location of this.#locations.values()) {
        if (location.source === source.address && location.learned < now - 1000)
          location.expires = Math.min(location.expires, now + this.#times.goodbyeMs)
      }
    }
    if (known !== undefined) Object.assign(known, { expires: now + lifetime, learned: now, lifetime })
    else {
      const matching = text === textOf(source)
      if (this.#hasRoomFor(matching))
        this.#locations.set(text, { matching, source: source.address, expires: now + lifetime, learned: now, lifetime })
    }
  }

  #hasRoomFor(matching: boolean): boolean {
    if (this.#locations.size < this.#capacity) return true
    const doubtful = matching ? [...this.#locations].find(([, location]) => !location.matching) : undefined
    return doubtful !== undefined && this.#locations.delete(doubtful[0])
  }

  /** Drops what has expired and returns where the proxy may be dialled, the most promising first; plans the next questions. */
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
    // Sorting is stable: within each kind the address that was heard first stays first, whatever is said later.
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
    const share = refreshShares[this.#refreshStep]
    return share === undefined ? Infinity : this.#freshUntil - this.#freshLifetime * (1 - share - random * 0.02)
  }

  /** When something has to be asked. */
  get askAt(): number {
    return Math.min(this.#missingAt, this.#refreshAt)
  }

  /** What has to be asked for. */
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
    // The answer to SRV brings the addresses along as a rule; asked a second time, it is asked for all.
    if (this.#service !== undefined && (families.size === 0 || (refreshing && this.#refreshStep > 0))) {
      for (const type of families.size > 0 ? families : (['A', 'AAAA'] as const))
        questions.push({ name: this.#service.host, type, over })
    }
    return questions
  }

  /** Says that it was asked for. */
  asked(now: number, random: number): void {
    if (this.#missingAt <= now) {
      this.#missingStep += 1
      this.#missingAt = now + (this.#times.missingMs[this.#missingStep] ?? Infinity)
    }
    while (this.#refreshAt <= now) {
      // more than one step where the machine slept
      this.#refreshStep += 1
      this.#refreshAt = this.#refreshTime(random)
    }
  }

  /** When it has to be looked at again, but for questions. */
  get deadline(): number {
    let next = Math.min(
      this.#goodbye,
      this.#service?.expires ?? Infinity,
      this.#incompleteSince + this.#times.incompleteMs
    )
    for (const location of this.#locations.values()) next = Math.min(next, location.expires)
    return next
  }

  /** Whether it is to be forgotten. */
  over(now: number): boolean {
    return (
      this.#goodbye <= now ||
      this.#incompleteSince + this.#times.incompleteMs <= now ||
      (this.#service !== undefined && this.#service.expires <= now)
    )
  }

  /** Seconds for which the pointer is known, while that is more than half of its time. */
  knownSeconds(now: number): number {
    return this.#pointer === undefined || now > this.#pointer.half
      ? 0
      : Math.floor((this.#pointer.expires - now) / 1000)
  }
}
