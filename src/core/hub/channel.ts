// A channel: its peers, the order of delivery, and counts. The directory of channels, joining and hooks are in
// hub/hub.ts.
import type { Scope } from '../channel-name.ts'
import type { Carrier } from './carrier.ts'
import { FanoutGroup } from './fanout-group.ts'
import type { Outbox } from './outbox.ts'
import { sayFarewell } from './pace.ts'
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'
import type { Encoding } from './encoding.ts'
import type { TurnQueue } from './turn-queue.ts'

/** How many peers a message was sent to. */
export interface DeliveryCount {
  readonly local: number
  readonly remote: number
  /** Remote peers that miss it because it is too large for their proxy. */
  readonly missed: number
}

/** The result of a direct message: delivered, or the reason why not. */
export type DirectResult =
  | 'delivered'
  | 'NWS_ERR_PEER_NOT_FOUND'
  | 'NWS_ERR_PEER_TAKES_NO_MESSAGES'
  | 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE'

/** A named broadcast group. It exists while it has local peers. */
export class Channel {
  readonly name: string
  /** Loggable keyed hash of the name. */
  readonly tag: string
  readonly scope: Scope
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  /** Accepted messages of local and remote peers. */
  messages = 0
  /** Bytes of their payloads. */
  bytes = 0
  /** Remote peers that carriers bring, also those whose join is not decided. The hub keeps them. */
  readonly claimed = new Map<string, Peer>()
  /** How many of them several carriers bring. */
  shared = 0
  /** Called for each peer that joins. */
  readonly arrivals = new Set<(peer: Peer) => void>()
  readonly #peers = new Map<string, Peer>()
  readonly #groups: FanoutGroup[] = []
  /** Local peers without an outbox. */
  readonly #soloists = new Set<Peer>()
  #locals = 0
  /** Local peers that hear nothing. */
  #deaf = 0
  /** Joins since it was opened. */
  #joins = 0
  readonly #carriers: readonly Carrier[]
  readonly #turns: TurnQueue

  /** @param carriers get local peers and their messages; empty for scope `local` */
  constructor(
    facts: { name: string; tag: string; scope: Scope; openedAt: number },
    carriers: readonly Carrier[],
    turns: TurnQueue
  ) {
    this.name = facts.name
    this.tag = facts.tag
    this.scope = facts.scope
    this.openedAt = facts.openedAt
    this.#carriers = carriers
    this.#turns = turns
  }

  get localCount(): number {
    return this.#locals
  }

  get remoteCount(): number {
    return this.#peers.size - this.#locals
  }

  /** Members. */
  get size(): number {
    return this.#peers.size
  }

  /** Members that receive messages. */
  get hearingCount(): number {
    return this.#peers.size - this.#deaf
  }

  /** True while earlier broadcasts are still being handed out. */
  get isBusy(): boolean {
    return this.#groups.some(group => group.isBusy)
  }

  /** Calls `run` when all broadcasts have been handed out; at once if none waits. */
  whenDrained(run: () => void): void {
    const busy = this.#groups.find(group => group.isBusy)
    if (busy === undefined) run()
    else busy.whenDrained(() => this.whenDrained(run))
  }

  peer(id: string): Peer | undefined {
    return this.#peers.get(id)
  }

  /** All members in the order of their joins. */
  members(): IterableIterator<Peer> {
    return this.#peers.values()
  }

  /** Makes a peer a member, and tells it and the other members of each other. Its id must be free. */
  add(peer: Peer): void {
    const port = peer.port
    if (port !== undefined) {
      if (port.deaf === true) {
        this.#deaf++
      } else {
        for (const other of this.#peers.values()) port.connect(other)
        if (port.outbox === undefined || port.encoding === undefined) this.#soloists.add(peer)
        else this.#groupOf(port.encoding).add(port.outbox)
      }
      this.#locals++
    }
    for (const other of this.#peers.values()) other.port?.connect(peer)
    peer.place = ++this.#joins
    this.#peers.set(peer.id, peer)
    if (peer.location === 'local') for (const carrier of this.#carriers) carrier.localJoined(peer)
    for (const arrival of this.arrivals) arrival(peer)
  }

  /** Ends a membership. Earlier messages stay in the peer's outbox. @returns false if the peer was no member */
  remove(peer: Peer): boolean {
    if (this.#peers.get(peer.id) !== peer) return false
    this.#peers.delete(peer.id)
    const port = peer.port
    if (port !== undefined) {
      this.#locals--
      if (port.deaf === true) {
        this.#deaf--
      } else if (port.outbox === undefined) {
        this.#soloists.delete(peer)
      } else {
        port.outbox.flush()
        port.outbox.group?.remove(port.outbox)
      }
    }
    sayFarewell(this.#turns, peer, this.#peers, this.#joins)
    if (peer.location === 'local') for (const carrier of this.#carriers) carrier.localLeft(peer)
    return true
  }

  /** Changes the encoding of a local peer from the next broadcast on. */
  changeEncoding(outbox: Outbox, encoding: Encoding): void {
    if (outbox.group === undefined || outbox.group.encoding === encoding) return
    outbox.flush()
    outbox.group.remove(outbox)
    this.#groupOf(encoding).add(outbox)
  }

  /** Sends a broadcast of a member to all others. */
  broadcast(source: Peer, payload: Payload): DeliveryCount {
    this.#count(source, payload)
    this.#fanOut(source, payload)
    let remote = 0
    let missed = 0
    if (source.location === 'local' && this.#carriers.length > 0) {
      const sequence = ++source.sequence
      for (const carrier of this.#carriers) {
        const count = carrier.broadcast(source, payload, sequence)
        remote += count.peers
        missed += count.missed
      }
      // A peer that two carriers reach was counted twice. It missed the message only if both failed.
      if (this.shared > 0) {
        remote = Math.min(remote, this.remoteCount)
        missed = Math.min(missed, this.remoteCount - remote)
      }
    }
    const self = source.port !== undefined && source.port.deaf !== true ? 1 : 0
    return { local: this.#locals - this.#deaf - self, remote, missed }
  }

  /** Sends a direct message of a member to a member. */
  message(source: Peer, targetId: string, payload: Payload): DirectResult {
    const target = this.#peers.get(targetId)
    if (target === undefined) return 'NWS_ERR_PEER_NOT_FOUND'
    if (target.port !== undefined) {
      if (!target.port.message(source, payload)) return 'NWS_ERR_PEER_TAKES_NO_MESSAGES'
    } else if (source.location === 'remote') {
      return 'NWS_ERR_PEER_NOT_FOUND' // One hop: a message of one proxy is never passed on to another.
    } else if (!this.#carry(source, target, payload)) {
      return 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE'
    }
    this.#count(source, payload)
    return 'delivered'
  }

  #count(source: Peer, { bytes: { length } }: Payload): void {
    this.messages++
    this.bytes += length
    source.messages++
    source.bytes += length
  }

  /** Uses all carriers of the target: the numbers of a sender have no gaps on any carrier. */
  #carry(source: Peer, target: Peer, payload: Payload): boolean {
    const sequence = ++source.sequence
    let carried = false
    for (const carrier of target.carriers) if (carrier.message(source, target, payload, sequence)) carried = true
    return carried
  }

  #fanOut(source: Peer, payload: Payload): void {
    const own = source.port?.outbox
    let text: Buffer | undefined
    let textOf: Encoding | undefined
    for (const group of this.#groups) {
      // Nothing to encode for the sender alone.
      if (group.size === 0 || (group.size === 1 && own?.group === group)) continue
      const encoding = group.encoding
      const shares = !payload.binary && (encoding.sameText ?? encoding) === textOf
      const frame = shares ? text! : encoding.broadcast(source, payload)
      if (!payload.binary) {
        text = frame
        textOf = encoding.sameText ?? encoding
      }
      group.send(frame, own?.group === group ? own : undefined)
    }
    for (const peer of this.#soloists) if (peer !== source) peer.port!.broadcast(source, payload)
  }

  #groupOf(encoding: Encoding): FanoutGroup {
    let group = this.#groups.find(candidate => candidate.encoding === encoding)
    if (group === undefined) {
      group = new FanoutGroup(encoding, this.#turns)
      // Groups with the same text stand side by side, so that #fanOut encodes it once.
      const text = encoding.sameText ?? encoding
      const last = this.#groups.findLastIndex(({ encoding: other }) => (other.sameText ?? other) === text)
      this.#groups.splice(last < 0 ? this.#groups.length : last + 1, 0, group)
    }
    return group
  }
}
