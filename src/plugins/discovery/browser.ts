// Finds proxies: asks the network, listens, keeps the table of what was heard. Also the proof that our own
// advertisement can be seen. Does not advertise and trusts nothing it hears.
import type { RemoteInfo } from 'node:dgram'
import type { RemoteProxy } from '../../core/discovery.ts'
import { sourceFrom } from '../../core/dns-sd/address-policy.ts'
import { createQuerySchedule, defaultQueryTimes, type QueryTimes } from '../../core/dns-sd/query-schedule.ts'
import type { DiscoveryQuestion } from '../../core/dns-sd/records.ts'
import {
  defaultRemoteTableTimes,
  RemoteTable,
  type RemoteChange,
  type RemoteTableTimes
} from '../../core/dns-sd/remote-table.ts'
import { interfaceView, type InterfaceView } from './interfaces.ts'
import { readResponse, writeBrowseQuery, writeQuery } from './messages.ts'
import { openMulticastSocket, type MulticastSocket } from './multicast-socket.ts'

/** Times in ms. */
export interface BrowserTimes {
  /** How often to look for changed interfaces. */
  readonly pollMs: number
  /** Time before a socket that failed is opened again. */
  readonly reopenMs: number
  /** Least time between two packets that ask for details. */
  readonly askGapMs: number
  readonly query: QueryTimes
  readonly table: RemoteTableTimes
}

export const defaultBrowserTimes: BrowserTimes = {
  pollMs: 2000,
  reopenMs: 2000,
  askGapMs: 100,
  query: defaultQueryTimes,
  table: defaultRemoteTableTimes
}

/** What a browser needs. */
export interface BrowserOptions {
  readonly ownId: string
  readonly times: BrowserTimes
  readonly changed: (change: RemoteChange) => void
  /** Interfaces or sockets changed: what can be advertised on now (undefined: nothing), and the names in use. */
  readonly placesChanged: (view: InterfaceView | undefined, names: readonly string[]) => void
}

/** The browser. */
export interface Browser {
  readonly remotes: ReadonlyMap<string, RemoteProxy>
  setLinked: (id: string, linked: boolean) => void
  close: () => void
}

/** Questions in one packet that asks for details. */
const questionsPerPacket = 24

/** The first questions after a start go over IPv6 too, then each so many-th. */
const ipv6Interval = 5

/** Opens the sockets and begins to look. */
export function startBrowser({ ownId, times, changed, placesChanged }: BrowserOptions): Browser {
  const clock = () => performance.now()
  const table = new RemoteTable({ ownId, random: Math.random, times: times.table })
  const schedule = createQuerySchedule(clock(), Math.random, times.query)
  let view = interfaceView()
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let askedAt = -Infinity
  let browsed = 0

  function received(packet: Buffer, from: RemoteInfo): void {
    if (closed) return
    const source = sourceFrom(from.address)
    const records = source === undefined ? undefined : readResponse(packet)
    if (source === undefined || records === undefined || records.length === 0) return
    tell(table.take(records, source, view.surroundings, clock()))
    plan()
  }

  function tell(changes: readonly RemoteChange[]): void {
    for (const change of changes) changed(change)
  }

  function send(socket: MulticastSocket, packet: Buffer): void {
    socket.send(packet).catch(() => {}) // it does not reject
  }

  /** Asks who is there. On a network with IPv4 hardly anybody is to be found over IPv6 alone, so that is asked less often. */
  function browse(now: number): void {
    browsed += 1
    const both = view.ipv4.length === 0 || view.alone || browsed <= ipv6Interval || browsed % ipv6Interval === 0
    for (const packet of writeBrowseQuery(table.knownAnswers(now))) {
      send(udp4, packet)
      if (both) send(udp6, packet)
    }
  }

  function ask(questions: readonly DiscoveryQuestion[]): void {
    const ipv4 = questions.filter(({ over }) => over !== 'IPv6')
    const ipv6 = questions.filter(({ over }) => over !== 'IPv4')
    if (ipv4.length > 0) send(udp4, writeQuery(ipv4))
    if (ipv6.length > 0) send(udp6, writeQuery(ipv6))
  }

  /** Does what is due and sets the timer for what comes next. */
  function work(): void {
    if (closed) return
    const now = clock()
    tell(table.expire(now))
    if (schedule.next <= now) {
      schedule.asked(now)
      browse(now)
    }
    if (now >= askedAt + times.askGapMs) {
      const questions = table.questions(now, questionsPerPacket)
      if (questions.length > 0) {
        askedAt = now
        ask(questions)
      }
    }
    plan()
  }

  function plan(): void {
    if (closed) return
    const now = clock()
    const details = table.nextDeadline
    const due = Math.min(schedule.next, details <= now ? Math.max(details, askedAt + times.askGapMs) : details)
    clearTimeout(timer)
    timer = setTimeout(work, Math.min(Math.max(due - now, 1), 60_000)).unref()
  }

  /** Looks at the interfaces, joins new ones and says what is in use. */
  function look(): void {
    if (closed) return
    view = interfaceView()
    const news = [udp4.join(view.ipv4), udp6.join(view.ipv6)]
    if (news.includes(true)) {
      schedule.restart(clock())
      browsed = 0
      plan()
    }
    report()
  }

  function report(): void {
    const names = [...new Set(sockets.flatMap(socket => socket.working))].toSorted()
    // ciao binds to the port of the browser's sockets: while those cannot have it, ciao would fail and not try again.
    const usable = (udp4.open || (view.ipv4.length === 0 && udp6.open)) && view.loopback && names.length > 0
    placesChanged(usable ? view : undefined, usable ? names : [])
  }

  let reporting: NodeJS.Immediate | undefined
  const shared = {
    reopenMs: times.reopenMs,
    received,
    changed: () => {
      // not at once: it may be called while the sockets are being made
      clearImmediate(reporting)
      reporting = setImmediate(look)
    }
  }
  const udp4 = openMulticastSocket({ family: 'udp4', ...shared })
  const udp6 = openMulticastSocket({ family: 'udp6', ...shared })
  const sockets: readonly MulticastSocket[] = [udp4, udp6]
  const poll = setInterval(look, times.pollMs).unref()
  plan()

  return {
    remotes: table.remotes,
    setLinked: (id, linked) => {
      table.setLinked(id, linked)
    },
    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(poll)
      clearImmediate(reporting)
      for (const socket of sockets) socket.close()
    }
  }
}
