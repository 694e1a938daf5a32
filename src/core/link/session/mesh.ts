// The sessions of one proxy and the channels that it brings to them: gives links to sessions, tells sessions of local peers
// and messages, and the hub of remote ones. Sockets and timers are outside (plugins/peer-mesh).
import type { RoundSummary } from '../matching/scheduler.ts'
import { mapKey } from '../../bytes.ts'
import { CpuBudget } from '../budget/cpu-budget.ts'
import { GuessBudget } from '../budget/guess-budget.ts'
import { LinkSlots } from '../budget/link-slots.ts'
import { MAX_WAITING_SESSIONS, RX_MAX } from '../constants.ts'
import type { Cancel } from '../../clock.ts'
import {
  encodePeerMessageHead,
  encodePresence,
  type ChannelMessage,
  type PeerMessage
} from '../wire/channel-message.ts'
import type { Greeting } from '../wire/hello.ts'
import { Link, type LinkEnding, type LinkEnvironment, type LinkOptions, type LinkOwner } from './link.ts'
import { MeshTotals, type MeshNumbers } from './mesh-totals.ts'
import { Roster } from '../../roster.ts'
import { Session, type SessionEvents } from './session.ts'

/** The needs of the mesh. */
export interface MeshEnvironment extends Omit<LinkEnvironment, 'cpu' | 'guesses' | 'channels'> {
  /** A keyed hash of a channel name, under a key of this run: the key of its guess budget. */
  readonly keyOf: (name: string) => string
}

/** Told by the mesh, synchronously, in the order in which things take effect. MUST NOT throw. */
export interface MeshEvents {
  linkOpened(link: Link): void
  linkEnded(link: Link, ending: LinkEnding): void
  /** A link carries the session, the first one or another. */
  linked(session: Session, link: Link): void
  /** The session has lost its link and waits for another. */
  waiting(session: Session): void
  /** The session is over. */
  ended(session: Session): void
  /** The channel is confirmed in the session. */
  matched(session: Session, name: string): void
  /** A round on a link has ended well. */
  roundEnded(link: Link, round: RoundSummary): void
  /** A remote peer has joined. Also while the channel lingers. */
  joined(name: string, id: string, session: Session): void
  parted(name: string, id: string): void
  /** A message of a joined remote peer, never twice; `direct` ones only for a local peer. The payload is a view. */
  message(name: string, message: PeerMessage): void
}

/** Remote peers that a message was sent to, and that could not be given it because it is too long for a link. */
export interface SentCount {
  readonly peers: number
  readonly missed: number
}

/** One channel of this proxy that takes part in matching. Not the channel that clients join (hub/channel.ts). */
interface OwnChannel {
  readonly name: string
  /** Ids of local peers. */
  readonly peers: Set<string>
  /** Sessions in which it is confirmed. */
  readonly sessions: Set<Session>
  readonly roster: Roster<Session>
  /** Set while it lingers: ends the wait. */
  linger: Cancel | undefined
}

const NONE: SentCount = { peers: 0, missed: 0 }

/** All links and sessions of one proxy. */
export class Mesh {
  /** Links that have not ended. */
  readonly links = new Set<Link>()
  /** By the remote's id. */
  readonly #sessions = new Map<string, Session>()
  /** Messages of remote peers that were dropped: not joined, or for a peer that is not here. */
  dropped = 0
  /** Sessions that ended while frames were not acknowledged, and how many frames that were. */
  readonly unacknowledged = { sessions: 0, frames: 0 }
  /** How often a session went on over another link. */
  resumptions = 0
  /** The budgets of all links, for metrics. */
  readonly cpu: CpuBudget
  readonly guesses: GuessBudget
  readonly #environment: LinkEnvironment
  readonly #events: MeshEvents
  readonly #channels = new Map<string, OwnChannel>()
  readonly #slots: LinkSlots<Link>
  readonly #totals = new MeshTotals()
  /** Sessions without a link, the oldest first. */
  readonly #waiting = new Set<Session>()
  readonly #unfinished = { bytes: 0 }

  constructor(environment: MeshEnvironment, events: MeshEvents) {
    const { clock, timings, budgets, keyOf } = environment
    this.#events = events
    this.cpu = new CpuBudget(budgets, timings, clock)
    this.guesses = new GuessBudget(budgets, clock, keyOf)
    this.#environment = {
      ...environment,
      cpu: this.cpu,
      guesses: this.guesses,
      channels: { names: () => this.#channels.keys(), isOpen: name => this.#channels.has(name) }
    }
    this.#slots = new LinkSlots(budgets, link => link.close(1013, 'Too many links'))
  }

  /** Sessions that have a link or wait for one. */
  *sessions(): Generator<Session> {
    for (const session of this.#sessions.values()) if (session.state !== 'none') yield session
  }

  /** Makes a link on an open connection, and begins. */
  connect(options: LinkOptions): Link {
    const link = new Link(this.#environment, options, this.#linkOwner)
    this.links.add(link)
    this.#slots.connected(link)
    if (link.state === 'opening') link.start()
    return link
  }

  /** The first local peer is about to join a channel; one that lingers goes on as if it had never been left. */
  channelOpened(name: string): void {
    const channel = this.#channels.get(name)
    if (channel !== undefined) {
      channel.linger?.()
      channel.linger = undefined
      return
    }
    this.#channels.set(name, this.#createChannel(name))
    for (const { link } of this.#sessions.values()) link?.scheduler?.entered([name])
  }

  /** The last local peer has left: the channel lingers, then is left in every session. */
  channelClosed(name: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.linger !== undefined) return
    const { clock, timings } = this.#environment
    channel.linger = clock.after(timings.lingerMs, () => {
      this.#channels.delete(name)
      for (const { link } of this.#sessions.values()) link?.scheduler?.gone(name)
      for (const session of channel.sessions) session.traffic.leave(name)
      channel.roster.clear()
    })
  }

  /** A local peer has come. */
  localJoined(name: string, id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    channel.peers.add(id)
    const join = encodePresence('join', id)
    for (const session of channel.sessions) session.traffic.send(name, join)
  }

  /** A local peer has gone. */
  localLeft(name: string, id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || !channel.peers.delete(id)) return
    const part = encodePresence('part', id)
    for (const session of channel.sessions) session.traffic.send(name, part)
  }

  /** Joined remote peers of a channel, each with its session. */
  remotes(name: string): Iterable<[id: string, session: Session]> {
    return this.#channels.get(name)?.roster.members() ?? []
  }

  /** The name of this computer has changed: tells it to all who share a channel. */
  computerNamed(): void {
    for (const session of this.#sessions.values()) session.sayName()
  }

  /** Whether some link is about to learn if its remote has the channel. */
  isSettling(name: string): boolean {
    for (const { link } of this.#sessions.values()) if (link?.scheduler?.isUntested(name) === true) return true
    return false
  }

  /** Sends a broadcast of a local peer to all remote peers. */
  broadcast(name: string, message: Omit<PeerMessage, 'type' | 'target'>): SentCount {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.sessions.size === 0) return NONE
    const head = encodePeerMessageHead(message)
    const peers = channel.roster.size
    if (head.length + message.payload.length > RX_MAX) return { peers: 0, missed: peers }
    for (const session of channel.sessions) this.#send(session, name, head, message.payload)
    return { peers, missed: 0 }
  }

  /** Sends a direct message of a local peer to a remote one; @returns false if it is too long for a link */
  direct(name: string, message: Omit<PeerMessage, 'type'> & { target: string }): boolean {
    const head = encodePeerMessageHead(message, message.target)
    if (head.length + message.payload.length > RX_MAX) return false
    const session = this.#channels.get(name)?.roster.of(message.target)
    if (session !== undefined) this.#send(session, name, head, message.payload)
    return true
  }

  /** A doubt about the link with this remote: it is dead unless it gives a sign of life soon. */
  probe(remoteId: Uint8Array): void {
    this.#sessions.get(mapKey(remoteId))?.link?.probe()
  }

  /** The process at the end of the session's last link is gone: nothing is there to go on with. */
  gone(remoteId: Uint8Array): void {
    const session = this.#sessions.get(mapKey(remoteId))
    if (session?.state === 'resuming') session.end()
  }

  /** How many links there are of each kind. */
  get counts(): { readonly halfOpen: number; readonly unproven: number; readonly proven: number } {
    return this.#slots.counts
  }

  /** What all links have done since the start, those that have ended included. */
  get totals(): MeshNumbers {
    return this.#totals.with(this.links)
  }

  /** Ends all links and sessions and forgets all channels. */
  close(): void {
    for (const { linger } of this.#channels.values()) linger?.()
    for (const link of [...this.links]) link.close(1001, 'This proxy is shutting down')
    for (const session of [...this.#waiting]) session.end()
    this.#channels.clear()
  }

  #send(session: Session, name: string, head: Uint8Array, payload: Uint8Array): void {
    if (!session.traffic.send(name, head, payload)) return
    session.traffic.messages.out += 1
    this.#totals.messages.out += 1
  }

  #createChannel(name: string): OwnChannel {
    const peers = new Set<string>()
    const roster = new Roster<Session>({
      isLocal: id => peers.has(id),
      joined: (id, session) => this.#events.joined(name, id, session),
      parted: id => this.#events.parted(name, id)
    })
    return { name, peers, sessions: new Set(), roster, linger: undefined }
  }

  readonly #linkOwner: LinkOwner = {
    greet: (link, remoteId, theirs) => this.#greet(link, remoteId, theirs),
    opened: (link, greetings) => {
      this.#slots.opened(link)
      if (link.state !== 'open') return
      this.#events.linkOpened(link)
      link.session!.opened(link, greetings)
    },
    frame: (link, frame) => link.session!.frame(link, frame),
    asked: link => link.session!.acknowledge(link),
    ended: (link, ending) => {
      this.links.delete(link)
      this.#totals.ended(link)
      this.#slots.removed(link)
      const { session } = link
      session?.lost(link, ending)
      this.#events.linkEnded(link, ending)
      if (session !== undefined) this.#forget(session)
    }
  }

  #greet(link: Link, remoteId: Uint8Array, theirs: Greeting | undefined): Greeting {
    const key = mapKey(remoteId)
    let session = this.#sessions.get(key)
    if (session === undefined) {
      session = new Session(this.#environment, remoteId, this.#unfinished, this.#sessionEvents)
      this.#sessions.set(key, session)
    }
    link.session = session
    return session.greet(link, theirs)
  }

  readonly #sessionEvents: SessionEvents = {
    linked: (session, link, resumed) => {
      this.#waiting.delete(session)
      if (resumed) this.resumptions += 1
      if (link.proven) this.#slots.proved(link)
      this.#events.linked(session, link)
    },
    waiting: session => {
      this.#waiting.add(session)
      if (this.#waiting.size > MAX_WAITING_SESSIONS) this.#waiting.values().next().value!.end()
      this.#events.waiting(session)
    },
    ended: (session, names, unacknowledged) => {
      this.#waiting.delete(session)
      if (unacknowledged > 0) {
        this.unacknowledged.sessions += 1
        this.unacknowledged.frames += unacknowledged
      }
      for (const name of names) this.#unmatched(session, name)
      this.#events.ended(session)
      this.#forget(session)
    },
    matched: (session, name) => this.#matched(session, name),
    roundEnded: (link, round) => this.#events.roundEnded(link, round),
    left: (session, name) => this.#unmatched(session, name),
    message: (session, name, message) => this.#message(session, name, message),
    proven: link => this.#slots.proved(link)
  }

  /** A session that is over and has no links leaves nothing behind. */
  #forget(session: Session): void {
    const key = mapKey(session.remoteId)
    if (session.state === 'none' && session.links.size === 0 && this.#sessions.get(key) === session)
      this.#sessions.delete(key)
  }

  #matched(session: Session, name: string): void {
    const channel = this.#channels.get(name)!
    channel.sessions.add(session)
    for (const id of channel.peers) session.traffic.send(name, encodePresence('join', id))
    this.#events.matched(session, name)
  }

  #unmatched(session: Session, name: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    channel.sessions.delete(session)
    channel.roster.ended(session)
  }

  #message(session: Session, name: string, message: ChannelMessage): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    if ('id' in message) {
      channel.roster[message.type](session, message.id)
      return
    }
    const { source, target } = message
    const { peers, roster } = channel
    this.#totals.messages.in += 1
    if (roster.of(source) !== session || (target === undefined ? peers.size === 0 : !peers.has(target)))
      this.dropped += 1
    else this.#events.message(name, message)
  }
}
