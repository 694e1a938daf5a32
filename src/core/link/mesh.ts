// The links of one proxy and the channels that it brings to them: who is told of local peers and messages, and what
// remote ones come to. No sockets, timers or rules of channels: those are outside (plugins/peer-mesh).
import { compare } from '../bytes.ts'
import { encodePeerMessageHead, encodePresence, type ChannelMessage, type PeerMessage } from './channel-message.ts'
import { RX_MAX } from './constants.ts'
import { CpuBudget } from './cpu-budget.ts'
import { GuessBudget } from './guess-budget.ts'
import { Link } from './link.ts'
import type { LinkEnding, LinkEnvironment, LinkEvents, LinkOptions } from './link-interfaces.ts'
import { LinkSlots } from './link-slots.ts'
import { MeshTotals, type LinkNumbers } from './mesh-totals.ts'
import type { OwnChannel } from './own-channel.ts'
import { Roster } from './roster.ts'
import { Twins } from './twins.ts'

/** What the mesh needs from outside. */
export interface MeshEnvironment extends Omit<LinkEnvironment, 'cpu' | 'guesses' | 'channels'> {
  /** A keyed hash of a channel name, under a key of this run: the key of its guess budget. */
  readonly keyOf: (name: string) => string
}

/** Told by the mesh, synchronously, in the order in which things take effect. MUST NOT throw. */
export interface MeshEvents {
  linkOpened(link: Link): void
  linkEnded(link: Link, ending: LinkEnding): void
  /** The channel is confirmed on the link. */
  matched(link: Link, name: string): void
  /** A remote peer is there. Also while the channel lingers. */
  joined(name: string, id: string, link: Link): void
  parted(name: string, id: string): void
  /** A message of a joined remote peer, never twice; `direct` ones only for a local peer. The payload is a view. */
  message(name: string, message: PeerMessage): void
  /** `duplicate` is about to be closed: its address is not to be dialled while `kept` lives. */
  duplicate(duplicate: Link, kept: Link): void
}

/** Remote peers that a message was sent to, and that could not be given it because it is too long for a link. */
export interface SentCount {
  readonly peers: number
  readonly missed: number
}

const NOBODY: SentCount = { peers: 0, missed: 0 }

/** All links of one proxy. */
export class Mesh {
  /** Links that have not ended. */
  readonly links = new Set<Link>()
  /** Messages of remote peers that were dropped: not joined, repeated, or for a peer that is not here. */
  dropped = 0
  /** The budgets of all links, for metrics. */
  readonly cpu: CpuBudget
  readonly guesses: GuessBudget
  readonly #environment: LinkEnvironment
  readonly #events: MeshEvents
  readonly #channels = new Map<string, OwnChannel>()
  readonly #twins: Twins<Link>
  readonly #slots: LinkSlots<Link>
  readonly #totals = new MeshTotals()
  /** Messages of all channels that have overtaken others. */
  readonly #waiting = { bytes: 0 }

  constructor(environment: MeshEnvironment, events: MeshEvents) {
    const { primitives, clock, timings, budgets, keyOf } = environment
    this.#events = events
    this.cpu = new CpuBudget(budgets, timings, clock)
    this.guesses = new GuessBudget(budgets, clock, keyOf)
    this.#environment = {
      ...environment,
      cpu: this.cpu,
      guesses: this.guesses,
      channels: { names: () => this.#channels.keys(), isOpen: name => this.#channels.has(name) }
    }
    this.#twins = new Twins(primitives, clock, timings, {
      proven: (a, b) => this.#proven(a, b),
      covered: (link, by) => this.#covered(link, by),
      duplicate: (duplicate, kept) => this.#events.duplicate(duplicate, kept),
      over: (link, on) => {
        link.close(1001, 'The remote has ended this link')
        on.hurry()
      }
    })
    this.#slots = new LinkSlots(budgets, link => link.close(1013, 'Too many links'))
  }

  /** Makes a link on an open WebSocket, and begins. */
  connect(options: LinkOptions): Link {
    const link = new Link(this.#environment, options, this.#linkEvents)
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
    for (const link of this.links) link.channelsOpened([name])
  }

  /** The last local peer has left: the channel lingers, then is left on every link. */
  channelClosed(name: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.linger !== undefined) return
    const { clock, timings } = this.#environment
    channel.linger = clock.after(timings.lingerMs, () => {
      this.#channels.delete(name)
      for (const link of this.links) link.channelClosed(name)
      channel.roster.clear()
    })
  }

  /** A local peer has come. */
  localJoined(name: string, id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    channel.peers.add(id)
    const join = encodePresence('join', id)
    for (const link of channel.links) {
      link.traffic.send(name, join)
      this.#twins.changed(link)
    }
  }

  /** A local peer has gone. */
  localLeft(name: string, id: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined || !channel.peers.delete(id)) return
    const part = encodePresence('part', id)
    for (const link of channel.links) link.traffic.send(name, part)
    channel.roster.localLeft(id)
  }

  /** Joined remote peers of a channel, each with a link to it. */
  remotes(name: string): Iterable<[id: string, link: Link]> {
    return this.#channels.get(name)?.roster.members() ?? []
  }

  /** Whether some link is about to learn if its remote has the channel. */
  isSettling(name: string): boolean {
    for (const link of this.links) if (link.isUntested(name)) return true
    return false
  }

  /** Sends a broadcast of a local peer to all remote peers. */
  broadcast(name: string, message: Omit<PeerMessage, 'type' | 'target'>): SentCount {
    const channel = this.#channels.get(name)
    if (channel === undefined || channel.links.size === 0) return NOBODY
    const head = encodePeerMessageHead(message)
    const peers = channel.roster.size
    if (head.length + message.payload.length > RX_MAX) return { peers: 0, missed: peers }
    for (const link of channel.links) this.#send(link, name, head, message.payload)
    return { peers, missed: 0 }
  }

  /** Sends a direct message of a local peer to a remote one; @returns false where it is too long for a link */
  direct(name: string, message: Omit<PeerMessage, 'type'> & { target: string }): boolean {
    const channel = this.#channels.get(name)
    const head = encodePeerMessageHead(message, message.target)
    if (head.length + message.payload.length > RX_MAX) return false
    for (const link of channel?.roster.linksOf(message.target) ?? []) this.#send(link, name, head, message.payload)
    return true
  }

  /** Links and channels as far as they are known to each other: names confirmed on a link now. */
  namesOn(link: Link): string[] {
    return [...link.traffic.handles.names()]
  }

  /** There is reason to doubt the links with this remote id: each is dead unless it gives a sign of life soon. */
  probe(remoteId: Uint8Array): void {
    for (const link of this.links)
      if (link.session !== undefined && compare(link.session.remoteId, remoteId) === 0) link.probe()
  }

  /** How many links there are of each kind. */
  get counts(): { readonly halfOpen: number; readonly unproven: number; readonly proven: number } {
    return this.#slots.counts
  }

  /** What all links have done since the start, those that have ended included. */
  get totals(): LinkNumbers {
    return this.#totals.with(this.links)
  }

  /** Ends all links and forgets all channels. */
  close(): void {
    for (const { linger } of this.#channels.values()) linger?.()
    for (const link of this.links) link.close(1001, 'This proxy is shutting down')
    this.#channels.clear()
  }

  #send(link: Link, name: string, head: Uint8Array, payload: Uint8Array): void {
    if (link.traffic.send(name, head, payload)) link.traffic.messages.out += 1
  }

  #createChannel(name: string): OwnChannel {
    const peers = new Set<string>()
    const {
      clock,
      timings: { twinCloseMs }
    } = this.#environment
    const roster = new Roster<Link>({
      isLocal: id => peers.has(id),
      related: (a, b) => this.#twins.related(a, b),
      joined: (id, link) => this.#events.joined(name, id, link),
      parted: id => this.#events.parted(name, id),
      // By then a twin has been closed, or found dead.
      overlaps: {
        late: message => this.#deliver(channel, message),
        afterWait: run => clock.after(twinCloseMs, run),
        waiting: this.#waiting
      }
    })
    const channel: OwnChannel = { name, peers, links: new Set(), roster, linger: undefined }
    return channel
  }

  readonly #linkEvents: LinkEvents = {
    opened: link => this.#opened(link),
    proven: link => this.#slots.proved(link),
    matched: (link, name) => this.#matched(link, name),
    left: (link, name) => this.#unmatched(link, name, false),
    message: (link, name, message) => this.#message(link, name, message),
    same: (link, token) => this.#twins.same(link, token),
    swept: link => this.#twins.swept(link),
    ended: (link, ending) => this.#ended(link, ending)
  }

  #opened(link: Link): void {
    this.#slots.opened(link)
    if (link.state !== 'open') return
    link.startRounds(this.#twins.mayHaveTwin(link) ? this.#environment.timings.twinWaitMs : 0)
    this.#twins.opened(link)
    this.#events.linkOpened(link)
  }

  #matched(link: Link, name: string): void {
    const channel = this.#channels.get(name)!
    channel.links.add(link)
    this.#twins.changed(link)
    for (const id of channel.peers) link.traffic.send(name, encodePresence('join', id))
    this.#events.matched(link, name)
  }

  /**
   * The remote has left a channel, or this side did while the link lived on, or the link has ended.
   * @param failed whether messages that were sent on it can be missing
   */
  #unmatched(link: Link, name: string, failed: boolean): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    channel.links.delete(link)
    channel.roster.ended(link, failed)
  }

  /** Two links are one remote. */
  #proven(a: Link, b: Link): void {
    for (const { roster } of this.#channels.values()) roster.merged(a, b)
    a.hurry()
    b.hurry()
  }

  /** Whether a link can be missed: the other one has all its channels and peers. */
  #covered(link: Link, by: Link): boolean {
    for (const { links, roster } of this.#channels.values()) {
      if ((links.has(link) && !links.has(by)) || !roster.covers(link, by)) return false
    }
    return true
  }

  #message(link: Link, name: string, message: ChannelMessage): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    if ('id' in message) channel.roster[message.type](link, message.id)
    else this.#heard(channel, link, message)
  }

  #heard(channel: OwnChannel, link: Link, message: PeerMessage): void {
    const counts = channel.roster.accepts(link, message)
    if (counts === true) this.#deliver(channel, message)
    else if (counts === false) this.dropped += 1
  }

  /** A message that counts, if somebody is here for it. */
  #deliver({ name, peers }: OwnChannel, message: PeerMessage): void {
    if (message.target === undefined ? peers.size > 0 : peers.has(message.target)) this.#events.message(name, message)
    else this.dropped += 1
  }

  #ended(link: Link, ending: LinkEnding): void {
    this.links.delete(link)
    this.#totals.ended(link)
    this.#slots.removed(link)
    const failed = ending.code !== 4000 || (ending.by !== 'remote' && !this.#twins.isDrained(link))
    for (const name of link.traffic.handles.names()) this.#unmatched(link, name, failed)
    this.#twins.ended(link)
    this.#events.linkEnded(link, ending)
  }
}
