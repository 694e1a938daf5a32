// Finds proxies: asks the network, listens, and keeps the table of remote proxies. It also shows whether the own
// advertisement can be seen. It trusts nothing that it hears.
import type { RemoteInfo } from 'node:dgram'
import type { RemoteProxy } from '../../core/discovery.ts'
import { sourceFrom } from '../../core/dns-sd/address-policy.ts'
import {
  queryTimings,
  remoteTableTimings,
  type QueryTimings,
  type RemoteTableTimings
} from '../../core/dns-sd/constants.ts'
import { QuerySchedule } from '../../core/dns-sd/query-schedule.ts'
import type { DiscoveryQuestion } from '../../core/dns-sd/records.ts'
import { RemoteTable, type RemoteChange } from '../../core/dns-sd/remote-table.ts'
import { interfaceView, type InterfaceView } from './interfaces.ts'
import { readResponse, writeBrowseQuery, writeQuery } from './messages.ts'
import { MulticastSocket } from './multicast-socket.ts'

/** Milliseconds. */
export interface BrowserTimings {
  /** Between two looks at the interfaces. */
  readonly pollMs: number
  /** Until a failed socket is opened again. */
  readonly reopenMs: number
  /** Least time between two packets that ask for details. */
  readonly askGapMs: number
  readonly query: QueryTimings
  readonly table: RemoteTableTimings
}

export const browserTimings: BrowserTimings = {
  pollMs: 2000,
  reopenMs: 2000,
  askGapMs: 100,
  query: queryTimings,
  table: remoteTableTimings
}

export interface BrowserEvents {
  changed(change: RemoteChange): void
  /** Interfaces or sockets changed. */
  placesChanged(places: Places): void
}

/** Where discovery works. */
export interface Places {
  /** Undefined: nothing can be advertised now. */
  readonly view: InterfaceView | undefined
  /** Interfaces in use. */
  readonly names: readonly string[]
  /** Interfaces that are left out because there are too many. */
  readonly leftOut: readonly string[]
  /** Why no packet can be sent: the code of the system if UDP port 5353 cannot be opened, or `refused` on all interfaces. */
  readonly failure: string | undefined
}

/** Questions in one packet that asks for details. */
const QUESTIONS_PER_PACKET = 24
/** The first questions after a start go over IPv6 too, then every so many-th. */
const IPV6_INTERVAL = 5
const LONGEST_TIMER_MS = 60_000

const clock = () => performance.now()

/** The browser. It opens its sockets and begins to look at once. */
export class Browser {
  readonly #timings: BrowserTimings
  readonly #events: BrowserEvents
  readonly #table: RemoteTable
  readonly #schedule: QuerySchedule
  readonly #udp4: MulticastSocket
  readonly #udp6: MulticastSocket
  readonly #poll: NodeJS.Timeout
  #view = interfaceView()
  #closed = false
  #timer: NodeJS.Timeout | undefined
  #looking: NodeJS.Immediate | undefined
  #askedAt = -Infinity
  #browsed = 0

  constructor(ownId: string, timings: BrowserTimings, events: BrowserEvents) {
    this.#timings = timings
    this.#events = events
    this.#table = new RemoteTable({ ownId, random: Math.random, timings: timings.table })
    this.#schedule = new QuerySchedule(clock(), Math.random, timings.query)
    const socketEvents = {
      received: (packet: Buffer, from: RemoteInfo) => this.#received(packet, from),
      changed: () => {
        // Not at once: the sockets may still be in construction.
        clearImmediate(this.#looking)
        this.#looking = setImmediate(() => this.#look())
      }
    }
    this.#udp4 = new MulticastSocket('udp4', timings.reopenMs, socketEvents)
    this.#udp6 = new MulticastSocket('udp6', timings.reopenMs, socketEvents)
    this.#poll = setInterval(() => this.#look(), timings.pollMs).unref()
    this.#plan()
  }

  get remotes(): ReadonlyMap<string, RemoteProxy> {
    return this.#table.remotes
  }

  setLinked(id: string, linked: boolean): void {
    this.#table.setLinked(id, linked)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    clearInterval(this.#poll)
    clearImmediate(this.#looking)
    this.#udp4.close()
    this.#udp6.close()
  }

  #received(packet: Buffer, from: RemoteInfo): void {
    if (this.#closed) return
    const source = sourceFrom(from.address)
    const records = source === undefined ? undefined : readResponse(packet)
    if (source === undefined || records === undefined || records.length === 0) return
    this.#tell(this.#table.take(records, source, this.#view.surroundings, clock()))
    this.#plan()
  }

  #tell(changes: readonly RemoteChange[]): void {
    for (const change of changes) this.#events.changed(change)
  }

  /** Asks for all proxies. On a network with IPv4 few proxies have IPv6 alone, so IPv6 is asked less often. */
  #browse(now: number): void {
    this.#browsed += 1
    const both =
      this.#view.ipv4.length === 0 ||
      this.#view.alone ||
      this.#browsed <= IPV6_INTERVAL ||
      this.#browsed % IPV6_INTERVAL === 0
    for (const packet of writeBrowseQuery(this.#table.knownAnswers(now))) {
      void this.#udp4.send(packet)
      if (both) void this.#udp6.send(packet)
    }
  }

  #ask(questions: readonly DiscoveryQuestion[]): void {
    const ipv4 = questions.filter(({ over }) => over !== 'IPv6')
    const ipv6 = questions.filter(({ over }) => over !== 'IPv4')
    if (ipv4.length > 0) void this.#udp4.send(writeQuery(ipv4))
    if (ipv6.length > 0) void this.#udp6.send(writeQuery(ipv6))
  }

  /** Does the due work and sets the timer for the next. */
  #work(): void {
    if (this.#closed) return
    const now = clock()
    this.#tell(this.#table.expire(now))
    if (this.#schedule.next <= now) {
      this.#schedule.asked(now)
      this.#browse(now)
    }
    if (now >= this.#askedAt + this.#timings.askGapMs) {
      const questions = this.#table.questions(now, QUESTIONS_PER_PACKET)
      if (questions.length > 0) {
        this.#askedAt = now
        this.#ask(questions)
      }
    }
    this.#plan()
  }

  #plan(): void {
    if (this.#closed) return
    const now = clock()
    const deadline = this.#table.nextDeadline
    const details = deadline <= now ? Math.max(deadline, this.#askedAt + this.#timings.askGapMs) : deadline
    const due = Math.min(this.#schedule.next, details)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#work(), Math.min(Math.max(due - now, 1), LONGEST_TIMER_MS)).unref()
  }

  #failure(): string | undefined {
    const socket = this.#view.ipv4.length === 0 ? this.#udp6 : this.#udp4
    return socket.failure ?? (socket.isOpen && socket.isRefused ? 'refused' : undefined)
  }

  /** Reads the interfaces, joins new ones, and reports those in use. */
  #look(): void {
    if (this.#closed) return
    this.#view = interfaceView()
    const news = [this.#udp4.join(this.#view.ipv4), this.#udp6.join(this.#view.ipv6)]
    if (news.includes(true)) {
      this.#schedule.restart(clock())
      this.#browsed = 0
      this.#plan()
    }
    const { ipv4, loopback } = this.#view
    const names = [...new Set([...this.#udp4.working, ...this.#udp6.working])].toSorted()
    // ciao binds the port of these sockets. If they cannot have it, ciao would fail and not try again.
    const isUsable = (this.#udp4.isOpen || (ipv4.length === 0 && this.#udp6.isOpen)) && loopback && names.length > 0
    this.#events.placesChanged({
      view: isUsable ? this.#view : undefined,
      names: isUsable ? names : [],
      leftOut: this.#view.leftOut,
      failure: this.#failure()
    })
  }
}
