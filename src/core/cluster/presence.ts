// One channel of this proxy in the cluster: its own peers, the other proxies in it, and their peers.
//
// Each proxy numbers the changes among its peers. A proxy that missed one sees it by the next change or digest, and asks.
// It also numbers its batches: if one is missing, its peers leave and join again, so that no member believes that it has heard
// everything.
import type { PeerMessage } from '../link/wire/channel-message.ts'
import { Roster } from '../roster.ts'
import type { ClusterTimings } from './constants.ts'
import type { PresenceState } from './frames.ts'
import type { Lane } from './publisher.ts'
import type { RemoteSession } from './sessions.ts'

interface Member {
  /** The last change of its peers that is known. */
  version: number
  heardAt: number
  /** The number of its last batch; undefined until the first one with a number. */
  count: number | undefined
  readonly ids: Set<string>
}

/** A question to the other proxies of a channel: whether they have taken everything so far. */
export class Check {
  readonly asked: readonly RemoteSession[]
  /** Milliseconds of the clock. */
  readonly begunAt: number
  readonly #answered = new Set<RemoteSession>()
  readonly #lost = new Set<RemoteSession>()

  constructor(asked: readonly RemoteSession[], begunAt: number) {
    this.asked = asked
    this.begunAt = begunAt
  }

  get isOver(): boolean {
    return this.#answered.size + this.#lost.size >= this.asked.length
  }

  stateOf(session: RemoteSession): 'waits' | 'answered' | 'lost' {
    if (this.#lost.has(session)) return 'lost'
    return this.#answered.has(session) ? 'answered' : 'waits'
  }

  /** A proxy has answered, or has nobody in the channel any more. */
  answered(session: RemoteSession): void {
    if (this.asked.includes(session) && !this.#lost.has(session)) this.#answered.add(session)
  }

  /** A proxy was lost. */
  gone(session: RemoteSession): void {
    if (this.asked.includes(session) && !this.#answered.has(session)) this.#lost.add(session)
  }
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
  /** Of its subject. */
  readonly lane: Lane
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
  /** Questions that wait for answers, by number. */
  readonly #checks = new Map<number, Check>()
  #checkNumber = 0
  readonly #timings: ClusterTimings

  constructor(
    { name, token, subject, lane }: Pick<ClusterChannel, 'name' | 'token' | 'subject' | 'lane'>,
    timings: ClusterTimings,
    events: PresenceEvents
  ) {
    this.name = name
    this.token = token
    this.subject = subject
    this.lane = lane
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

  /** All peers of a proxy. Ignored if newer changes are known. @param count of the batch, if it is on the channel's subject */
  snapshot(session: RemoteSession, { version, ids }: PresenceState, now: number, count?: number): void {
    const member = this.#members.get(session)
    if (member !== undefined && version < member.version) return
    const wanted = new Set(ids)
    const known = member ?? { version, heardAt: now, count, ids: new Set<string>() }
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

  /**
   * Records the number of a batch.
   *
   * @param wasSent the batch was sent before, and is no new one
   * @returns `known`: it was taken before; `missing`: it or others before it are missing
   */
  counted(session: RemoteSession, count: number, wasSent: boolean): 'next' | 'known' | 'missing' {
    const member = this.#members.get(session)
    if (member === undefined) return 'next'
    const last = member.count
    if (last !== undefined && count <= last) return 'known'
    member.count = count
    return last === undefined || (count === last + 1 && !wasSent) ? 'next' : 'missing'
  }

  /** Messages between the peers of a session and those of this proxy are missing: its peers leave and join again. */
  rejoin(session: RemoteSession): void {
    const member = this.#members.get(session)
    if (member === undefined) return
    this.roster.ended(session)
    for (const id of member.ids) this.roster.join(session, id)
  }

  /** Begins a question. @param now milliseconds of the clock @returns its number, or undefined if there is no proxy to ask */
  check(now: number): { readonly number: number; readonly check: Check } | undefined {
    const asked = [...this.#members].filter(([, { ids }]) => ids.size > 0).map(([session]) => session)
    if (asked.length === 0) return undefined
    const check = new Check(asked, now)
    this.#checkNumber = (this.#checkNumber + 1) >>> 0
    this.#checks.set(this.#checkNumber, check)
    return { number: this.#checkNumber, check }
  }

  taken(session: RemoteSession, number: number): void {
    this.#checks.get(number)?.answered(session)
    this.#forgetChecks()
  }

  /** The question needs no more answers. */
  endCheck(number: number): void {
    this.#checks.delete(number)
  }

  /** @param isOver the proxy has said so; otherwise it was lost */
  left(session: RemoteSession, isOver: boolean): void {
    this.#members.delete(session)
    this.#asked.delete(session)
    for (const check of this.#checks.values())
      if (isOver) check.answered(session)
      else check.gone(session)
    this.#forgetChecks()
    this.roster.ended(session)
  }

  forgetSilent(now: number): void {
    // An older proxy does not know the question, and the broker may lose an answer.
    for (const check of this.#checks.values())
      if (now - check.begunAt >= this.#timings.silenceMs) for (const session of check.asked) check.gone(session)
    this.#forgetChecks()
    for (const [session, { heardAt }] of this.#members)
      if (now - heardAt >= this.#timings.silenceMs) this.left(session, false)
    for (const [session, at] of this.#asked) if (now - at >= this.#timings.silenceMs) this.#asked.delete(session)
  }

  /** Returns true if a session may be asked now, and records the question. */
  tryAsk(session: RemoteSession, now: number): boolean {
    const last = this.#asked.get(session)
    if (last !== undefined && now - last < this.#timings.askAgainMs) return false
    this.#asked.set(session, now)
    return true
  }

  #forgetChecks(): void {
    for (const [number, { isOver }] of this.#checks) if (isOver) this.#checks.delete(number)
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
