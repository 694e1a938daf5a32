// One channel of this proxy in the cluster: its own peers, the proxies that are in it, and the peers that those say they
// have. Not the wire: what is to be asked or said is returned to cluster.ts.
//
// Each proxy numbers the changes among its peers. Who has missed one sees it by the next change or digest, and asks.
import type { PeerMessage } from '../link/channel-message.ts'
import { Roster } from '../link/roster.ts'
import type { ClusterTimings } from './constants.ts'
import type { PresenceState } from './frames.ts'
import type { RemoteSession } from './sessions.ts'

/** Another proxy in the channel. */
interface Member {
  /** Up to which change its peers are known. */
  version: number
  heardAt: number
  readonly ids: Set<string>
}

/** What a channel tells. */
export interface PresenceEvents {
  joined(id: string, session: RemoteSession): void
  parted(id: string): void
}

/** Whether a session has to be asked for a snapshot. */
export type Missing = boolean

/** One channel. */
export class ClusterChannel {
  readonly name: string
  /** Of the first secret, and so for `subject`. */
  readonly token: Uint8Array
  readonly subject: string
  /** Ids of the local peers. */
  readonly locals = new Set<string>()
  /** Rises with each change among them. */
  version = 0
  /** When ENTER will have been answered, milliseconds of the clock; undefined: it was not said yet. */
  #settledAt: number | undefined
  /** Milliseconds of the clock. */
  nextDigestAt = 0
  /** Whether the next digest asks for those of the others. */
  digestAsks = false
  readonly roster: Roster<RemoteSession>
  readonly #members = new Map<RemoteSession, Member>()
  readonly #asked = new Map<RemoteSession, number>()
  readonly #timings: ClusterTimings

  constructor(name: string, token: Uint8Array, subject: string, timings: ClusterTimings, events: PresenceEvents) {
    this.name = name
    this.token = token
    this.subject = subject
    this.#timings = timings
    this.roster = new Roster<RemoteSession>({
      isLocal: id => this.locals.has(id),
      related: (a, b) => a === b,
      joined: (id, session) => events.joined(id, session),
      parted: id => events.parted(id)
    })
  }

  /** Whether ENTER was said. */
  get entered(): boolean {
    return this.#settledAt !== undefined
  }

  /** ENTER is said now. @param proxies that may answer, each after a wait that grows with their number */
  enter(now: number, proxies: number): void {
    const { answerMs, jitterMostMs, jitterPerMemberMs } = this.#timings
    this.#settledAt = now + answerMs + Math.min(jitterMostMs, jitterPerMemberMs * proxies)
  }

  /** Whether who else is here will be known within a moment. */
  isSettling(now: number): boolean {
    return this.#settledAt === undefined || now < this.#settledAt
  }

  /** Other proxies in the channel. */
  get memberCount(): number {
    return this.#members.size
  }

  has(session: RemoteSession): boolean {
    return this.#members.has(session)
  }

  /** What this proxy has to say of itself. */
  state(proxy: Uint8Array): PresenceState {
    return { proxy, version: this.version, ids: [...this.locals] }
  }

  /** A sign of life in this channel. */
  heard(session: RemoteSession, now: number): void {
    const member = this.#members.get(session)
    if (member !== undefined) member.heardAt = now
  }

  /** All peers of a proxy, as it says. Older news than what is known is none. */
  snapshot(session: RemoteSession, { version, ids }: PresenceState, now: number): void {
    const member = this.#members.get(session)
    if (member !== undefined && version < member.version) return
    const wanted = new Set(ids)
    const known = member ?? { version, heardAt: now, ids: new Set<string>() }
    if (member === undefined) this.#members.set(session, known)
    known.version = version
    known.heardAt = now
    this.#asked.delete(session)
    for (const id of known.ids) if (!wanted.has(id)) this.#part(session, known, id)
    for (const id of wanted) this.#join(session, known, id)
  }

  /** One peer more or less. */
  change(session: RemoteSession, type: 'join' | 'part', version: number, id: string): Missing {
    const member = this.#members.get(session)
    if (member === undefined) return true
    if (version <= member.version) return false
    if (type === 'join') this.#join(session, member, id)
    else this.#part(session, member, id)
    // After a gap the version stays, so that the snapshot that is asked for now counts.
    if (version !== member.version + 1) return true
    member.version = version
    return false
  }

  digest(session: RemoteSession, version: number, count: number): Missing {
    const member = this.#members.get(session)
    return member === undefined || member.version !== version || member.ids.size !== count
  }

  /** Whether a message counts; `missing`: nothing is known of its source. */
  accepts(session: RemoteSession, message: PeerMessage): boolean | 'missing' {
    const { source, target } = message
    if (this.roster.linksOf(source)?.has(session) !== true)
      return this.#members.get(session)?.ids.has(source) === true ? false : 'missing'
    return (target === undefined || this.locals.has(target)) && this.roster.accepts(session, message) === true
  }

  /** A proxy is gone from the channel. */
  left(session: RemoteSession): void {
    this.#members.delete(session)
    this.#asked.delete(session)
    this.roster.ended(session)
  }

  /** Forgets proxies that have been silent for too long. */
  silence(now: number): void {
    for (const [session, { heardAt }] of this.#members) if (now - heardAt >= this.#timings.silenceMs) this.left(session)
    for (const [session, at] of this.#asked) if (now - at >= this.#timings.silenceMs) this.#asked.delete(session)
  }

  /** Whether a session may be asked now; it is then taken as asked. */
  mayAsk(session: RemoteSession, now: number): boolean {
    const last = this.#asked.get(session)
    if (last !== undefined && now - last < this.#timings.askAgainMs) return false
    this.#asked.set(session, now)
    return true
  }

  #join(session: RemoteSession, member: Member, id: string): void {
    member.ids.add(id)
    this.roster.join(session, id)
  }

  #part(session: RemoteSession, member: Member, id: string): void {
    member.ids.delete(id)
    this.roster.part(session, id)
  }
}
