// One channel of this proxy in the cluster: its own peers, the other proxies in it, and their peers.
//
// Each proxy numbers the changes among its peers. A proxy that missed one sees it by the next change or digest, and asks.
import type { PeerMessage } from '../link/wire/channel-message.ts'
import { Roster } from '../roster.ts'
import type { ClusterTimings } from './constants.ts'
import type { PresenceState } from './frames.ts'
import type { RemoteSession } from './sessions.ts'

interface Member {
  /** The last change of its peers that is known. */
  version: number
  heardAt: number
  readonly ids: Set<string>
}

export interface PresenceEvents {
  joined(id: string, session: RemoteSession): void
  parted(id: string): void
}

/** Whether the session must be asked for a snapshot. */
export type Missing = boolean

export class ClusterChannel {
  readonly name: string
  /** Token and subject are those of the first secret. */
  readonly token: Uint8Array
  readonly subject: string
  readonly locals = new Set<string>()
  /** Number of their last change. */
  version = 0
  /** When the answers to ENTER should have come, milliseconds of the clock; undefined before ENTER. */
  #settledAt: number | undefined
  /** Milliseconds of the clock. */
  nextDigestAt = 0
  /** Whether the next digest asks for digests of the others. */
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
      joined: (id, session) => events.joined(id, session),
      parted: id => events.parted(id)
    })
  }

  get entered(): boolean {
    return this.#settledAt !== undefined
  }

  /** ENTER is sent now. @param proxies that may answer, each after a wait that grows with their number */
  enter(now: number, proxies: number): void {
    const { answerMs, jitterMostMs, jitterPerMemberMs } = this.#timings
    this.#settledAt = now + answerMs + Math.min(jitterMostMs, jitterPerMemberMs * proxies)
  }

  /** Whether answers to ENTER may still come. */
  isSettling(now: number): boolean {
    return this.#settledAt === undefined || now < this.#settledAt
  }

  get memberCount(): number {
    return this.#members.size
  }

  has(session: RemoteSession): boolean {
    return this.#members.has(session)
  }

  state(proxy: Uint8Array): PresenceState {
    return { proxy, version: this.version, ids: [...this.locals] }
  }

  heard(session: RemoteSession, now: number): void {
    const member = this.#members.get(session)
    if (member !== undefined) member.heardAt = now
  }

  /** All peers of a proxy. Ignored if newer changes are known. */
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

  /** A peer joined or left. */
  change(session: RemoteSession, type: 'join' | 'part', version: number, id: string): Missing {
    const member = this.#members.get(session)
    if (member === undefined) return true
    if (version <= member.version) return false
    if (type === 'join') this.#join(session, member, id)
    else this.#part(session, member, id)
    // After a gap the version stays, so that the snapshot counts that is asked for now.
    if (version !== member.version + 1) return true
    member.version = version
    return false
  }

  digest(session: RemoteSession, version: number, count: number): Missing {
    const member = this.#members.get(session)
    return member === undefined || member.version !== version || member.ids.size !== count
  }

  /** Records a message. Returns whether it counts; `missing`: its source is unknown. */
  accept(session: RemoteSession, message: PeerMessage): boolean | 'missing' {
    const { source, target } = message
    if (this.roster.of(source) !== session)
      return this.#members.get(session)?.ids.has(source) === true ? false : 'missing'
    return target === undefined || this.locals.has(target)
  }

  left(session: RemoteSession): void {
    this.#members.delete(session)
    this.#asked.delete(session)
    this.roster.ended(session)
  }

  forgetSilent(now: number): void {
    for (const [session, { heardAt }] of this.#members) if (now - heardAt >= this.#timings.silenceMs) this.left(session)
    for (const [session, at] of this.#asked) if (now - at >= this.#timings.silenceMs) this.#asked.delete(session)
  }

  /** Returns true if a session may be asked now, and records the question. */
  tryAsk(session: RemoteSession, now: number): boolean {
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
