// The remote proxies on the network: a bounded table of claims, of which none is trusted. It takes records, and gives
// changes and the questions to ask next.
import type { RemoteProxy } from '../discovery.ts'
import { isOwn, mayHear, senderOf, type Source, type Surroundings } from './address-policy.ts'
import {
  remoteTableLimits,
  remoteTableTimings,
  SERVICE_TYPE,
  TEXT_KEY,
  TEXT_VALUE,
  type RemoteTableLimits,
  type RemoteTableTimings
} from './constants.ts'
import { idOfInstance, instanceOf, type DiscoveryQuestion, type DiscoveryRecord } from './records.ts'
import { RemoteEntry } from './remote-entry.ts'

/** A change. `own`: the advertisement of this proxy was seen on the network (each time), or can no longer be seen. */
export type RemoteChange =
  | { readonly kind: 'found' | 'updated'; readonly remote: RemoteProxy }
  | { readonly kind: 'lost'; readonly id: string }
  | { readonly kind: 'own'; readonly seen: boolean }

export interface RemoteTableDeps {
  /** The id of this proxy. Its advertisement is watched, not reported. */
  readonly ownId: string
  /** Gives numbers in [0, 1). */
  readonly random: () => number
  readonly limits?: RemoteTableLimits
  readonly timings?: RemoteTableTimings
}

/** The table. Times are milliseconds of one monotonic clock. */
export class RemoteTable {
  readonly #ownId: string
  readonly #random: () => number
  readonly #limits: RemoteTableLimits
  readonly #timings: RemoteTableTimings
  /** In the order of arrival: the oldest makes room first. */
  readonly #entries = new Map<string, RemoteEntry>()
  readonly #byHost = new Map<string, Set<RemoteEntry>>()
  readonly #linked = new Set<string>()
  readonly #reported = new Map<string, RemoteProxy>()

  constructor({ ownId, random, limits = remoteTableLimits, timings = remoteTableTimings }: RemoteTableDeps) {
    this.#ownId = ownId
    this.#random = random
    this.#limits = limits
    this.#timings = timings
  }

  get remotes(): ReadonlyMap<string, RemoteProxy> {
    return this.#reported
  }

  get size(): number {
    return this.#entries.size
  }

  /** Tells whether the id has a live link. Such ids never make room for others. */
  setLinked(id: string, linked: boolean): void {
    if (linked) this.#linked.add(id)
    else this.#linked.delete(id)
  }

  take(records: readonly DiscoveryRecord[], source: Source, surroundings: Surroundings, now: number): RemoteChange[] {
    if (!mayHear(source, surroundings)) return []
    const changes: RemoteChange[] = []
    const touched = new Set<RemoteEntry>()
    const sender = senderOf(source, surroundings)
    // Addresses come last: they count only for a host that a service names.
    for (const record of records) {
      const entry = this.#entryFor(record, source, surroundings, now, changes)
      if (entry === undefined) continue
      touched.add(entry)
      if (record.ttl === 0) {
        if (record.type !== 'TXT' && entry.mayWithdraw(source, sender)) entry.withdraw(now + this.#timings.goodbyeMs)
      } else if (record.type === 'PTR') {
        entry.point(now, record.ttl)
      } else if (record.type === 'SRV' && record.port >= 1024) {
        const before = entry.host
        entry.serve(record.target, record.port, this.#lifetime(record.ttl), now, sender)
        this.#unindex(entry, before)
        this.#index(entry)
      } else if (record.type === 'TXT') {
        entry.speaks ||= record.pairs.get(TEXT_KEY) === TEXT_VALUE // Never false again: a run does not change its version.
      }
    }
    for (const record of records) {
      if (record.type !== 'A' && record.type !== 'AAAA') continue
      for (const entry of this.#byHost.get(record.name) ?? []) {
        if (entry.id === this.#ownId && !isOwn(source, surroundings)) continue
        touched.add(entry)
        const lifetime = record.ttl === 0 ? undefined : this.#lifetime(record.ttl)
        entry.locate(record, source, surroundings, lifetime, now, sender)
      }
    }
    for (const entry of touched) this.#settle(entry, now, changes, true)
    return changes
  }

  /** Forgets expired records. Call it at nextDeadline; any other time is fine too. */
  expire(now: number): RemoteChange[] {
    const changes: RemoteChange[] = []
    for (const entry of this.#entries.values()) {
      if (entry.isOver(now)) this.#remove(entry, changes)
      else this.#settle(entry, now, changes)
    }
    return changes
  }

  /** When expire() or questions() has work; Infinity for never. */
  get nextDeadline(): number {
    let next = Infinity
    for (const entry of this.#entries.values()) next = Math.min(next, entry.deadline, entry.askAt)
    return next
  }

  /** The questions to send now; each counts as asked. */
  questions(now: number, limit: number): DiscoveryQuestion[] {
    const questions: DiscoveryQuestion[] = []
    for (const entry of this.#entries.values()) {
      if (entry.askAt > now) continue
      const wanted = entry.wanted()
      if (questions.length + wanted.length > limit) break
      questions.push(...wanted)
      entry.asked(now, this.#random())
    }
    // Services of one host ask for the same name once.
    return [...new Map(questions.map(question => [`${question.type} ${question.name}`, question])).values()]
  }

  /** The instances that need not answer, with the remaining seconds of their PTR records (RFC 6762 §7.1). */
  knownAnswers(now: number): { readonly name: string; readonly ttl: number }[] {
    const known = []
    for (const entry of this.#entries.values()) {
      const ttl = entry.knownSeconds(now)
      if (ttl > 0) known.push({ name: instanceOf(entry.id), ttl })
    }
    return known
  }

  #entryFor(
    record: DiscoveryRecord,
    source: Source,
    surroundings: Surroundings,
    now: number,
    changes: RemoteChange[]
  ): RemoteEntry | undefined {
    if (record.type === 'A' || record.type === 'AAAA') return undefined
    if (record.type === 'PTR' && record.name !== SERVICE_TYPE) return undefined
    const id = idOfInstance(record.type === 'PTR' ? record.target : record.name)
    if (id === undefined) return undefined
    // Only this machine can send the own advertisement. From elsewhere it is an echo or a forgery.
    if (id === this.#ownId && !isOwn(source, surroundings)) return undefined
    const known = this.#entries.get(id)
    if (known !== undefined || record.ttl === 0) return known
    const sender = senderOf(source, surroundings)
    if (id !== this.#ownId && !this.#makeRoom(sender, now, changes)) return undefined
    const entry = new RemoteEntry(id, sender, now, this.#timings, this.#limits.addresses)
    this.#entries.set(id, entry)
    return entry
  }

  /** Makes room for one more id of the sender: the oldest without a link may have to go. Returns false if none may. */
  #makeRoom(sender: string, now: number, changes: RemoteChange[]): boolean {
    const free = [...this.#entries.values()].filter(entry => entry.id !== this.#ownId && !this.#linked.has(entry.id))
    const held = [...this.#entries.values()].filter(entry => entry.id !== this.#ownId && entry.sender === sender).length
    if (held >= (sender === 'own' ? this.#limits.perOwnMachine : this.#limits.perSender)) {
      const oldest = free.find(entry => entry.sender === sender)
      if (oldest === undefined || now - oldest.since < this.#timings.replaceMs) return false
      this.#remove(oldest, changes)
      return true
    }
    if (this.#entries.size < this.#limits.all + (this.#entries.has(this.#ownId) ? 1 : 0)) return true
    // The sender with most ids loses one: a flood pushes out its own ids first.
    const counts = new Map<string, number>()
    for (const entry of free) counts.set(entry.sender, (counts.get(entry.sender) ?? 0) + 1)
    const most = Math.max(0, ...counts.values())
    const oldest = free.find(entry => counts.get(entry.sender) === most)
    if (oldest === undefined) return false
    this.#remove(oldest, changes)
    return true
  }

  #lifetime(ttl: number): number {
    const [least, most] = this.#timings.lifetimeMs
    return Math.min(Math.max(ttl * 1000, least), most)
  }

  #index(entry: RemoteEntry): void {
    const host = entry.host
    if (host === undefined) return
    const entries = this.#byHost.get(host) ?? new Set()
    this.#byHost.set(host, entries.add(entry))
  }

  #unindex(entry: RemoteEntry, host: string | undefined): void {
    const entries = host === undefined ? undefined : this.#byHost.get(host)
    entries?.delete(entry)
    if (host !== undefined && entries?.size === 0) this.#byHost.delete(host)
  }

  #remove(entry: RemoteEntry, changes: RemoteChange[]): void {
    this.#entries.delete(entry.id)
    this.#unindex(entry, entry.host)
    this.#tell(entry, undefined, changes)
  }

  #settle(entry: RemoteEntry, now: number, changes: RemoteChange[], heard = false): void {
    const addresses = entry.settle(now, this.#random())
    this.#tell(entry, addresses.length > 0 && entry.speaks ? { id: entry.id, addresses } : undefined, changes, heard)
  }

  /** Adds the change between the reported and the present state of an entry. */
  #tell(entry: RemoteEntry, remote: RemoteProxy | undefined, changes: RemoteChange[], heard = false): void {
    if (entry.id === this.#ownId) {
      if (heard || (entry.seen && remote === undefined)) changes.push({ kind: 'own', seen: remote !== undefined })
      entry.seen = remote !== undefined
      return
    }
    const before = this.#reported.get(entry.id)
    if (remote === undefined) {
      if (before === undefined) return
      this.#reported.delete(entry.id)
      changes.push({ kind: 'lost', id: entry.id })
    } else if (before === undefined || !sameAddresses(before, remote)) {
      this.#reported.set(entry.id, remote)
      changes.push({ kind: before === undefined ? 'found' : 'updated', remote })
    }
  }
}

function sameAddresses(one: RemoteProxy, other: RemoteProxy): boolean {
  return (
    one.addresses.length === other.addresses.length &&
    one.addresses.every(
      ({ address, port }, index) => address === other.addresses[index]!.address && port === other.addresses[index]!.port
    )
  )
}
