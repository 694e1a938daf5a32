// A channel: its peers, who hears what in which order, and counts. Not the directory of channels, no joining rules and
// no hooks (hub/registry.ts), no encodings.
import type { Scope } from '../channel-name.ts'
import type { Carrier } from './carrier.ts'
import { FanoutGroup } from './fanout-group.ts'
import type { Outbox } from './outbox.ts'
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'
import type { Encoding } from './encoding.ts'
import type { TurnQueue } from './turn-queue.ts'

/** How many peers a message was handed to. */
export interface Delivery {
  readonly local: number
  readonly remote: number
  /** Remote peers that could not be given it: too large for their proxy. */
  readonly missed: number
}

/** What became of a direct message: it was delivered, or why not. */
export type DirectResult =
  | 'delivered'
  | 'NWS_ERR_PEER_NOT_FOUND'
  | 'NWS_ERR_PEER_TAKES_NO_MESSAGES'
  | 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE'

/** A named broadcast group. Exists while it has local peers. */
export class Channel {
  readonly name: string
  /** Loggable keyed hash of the name. */
  readonly tag: string
  readonly scope: Scope
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  /** Messages accepted from local and remote peers since it was opened. */
  messages = 0
  /** Bytes of their payloads. */
  bytes = 0
  /** Remote peers that several carriers bring; counted by hub/remote-claims.ts. */
  shared = 0
  /** Called for each peer that arrives; for those that wait for somebody to be there. */
  readonly arrivals = new Set<(peer: Peer) => void>()
  readonly #peers = new Map<string, Peer>()
  readonly #groups: FanoutGroup[] = []
  /** Local peers that hear broadcasts one by one. */
  readonly #soloists = new Set<Peer>()
  #locals = 0
  readonly #carriers: readonly Carrier[]
  readonly #turns: TurnQueue

  /** @param carriers told of local peers and their messages; empty for scope `local` */
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

  /** The member of that id. */
  peer(id: string): Peer | undefined {
    return this.#peers.get(id)
  }

  /** All members in the order in which they came. */
  members(): IterableIterator<Peer> {
    return this.#peers.values()
  }

  /** Makes a peer a member: it hears of all that are there, they hear of it. Its id must be free. */
  add(peer: Peer): void {
    const port = peer.port
    if (port !== undefined) {
      for (const other of this.#peers.values()) port.connect(other)
      if (port.outbox === undefined || port.encoding === undefined) this.#soloists.add(peer)
      else this.#groupOf(port.encoding).add(port.outbox)
      this.#locals++
    }
    for (const other of this.#peers.values()) other.port?.connect(peer)
    this.#peers.set(peer.id, peer)
    if (peer.location === 'local') for (const carrier of this.#carriers) carrier.localJoined(peer)
    for (const arrival of this.arrivals) arrival(peer)
  }

  /** Ends a membership. What was sent to the peer before stays in its outbox; @returns false where it was none */
  remove(peer: Peer): boolean {
    if (this.#peers.get(peer.id) !== peer) return false
    this.#peers.delete(peer.id)
    const port = peer.port
    if (port !== undefined) {
      this.#locals--
      if (port.outbox === undefined) {
        this.#soloists.delete(peer)
      } else {
        port.outbox.flush()
        port.outbox.group?.remove(port.outbox)
      }
    }
    for (const other of this.#peers.values()) other.port?.disconnect(peer)
    if (peer.location === 'local') for (const carrier of this.#carriers) carrier.localLeft(peer)
    return true
  }

  /** Moves a local peer to another encoding, from the next broadcast on. */
  changeEncoding(outbox: Outbox, encoding: Encoding): void {
    if (outbox.group === undefined || outbox.group.encoding === encoding) return
    outbox.flush()
    outbox.group.remove(outbox)
    this.#groupOf(encoding).add(outbox)
  }

  /** Takes a broadcast of a member to all others. */
  broadcast(source: Peer, payload: Payload): Delivery {
    this.messages++
    this.bytes += payload.bytes.length
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
      // Somebody whom two carriers reach was counted twice; he has missed it only where both could not give it to him.
      if (this.shared > 0) {
        remote = Math.min(remote, this.remoteCount)
        missed = Math.min(missed, this.remoteCount - remote)
      }
    }
    return { local: this.#locals - (source.location === 'local' ? 1 : 0), remote, missed }
  }

  /** Takes a direct message of a member to one other, or to itself. */
  message(source: Peer, targetId: string, payload: Payload): DirectResult {
    const target = this.#peers.get(targetId)
    if (target === undefined) return 'NWS_ERR_PEER_NOT_FOUND'
    if (target.port !== undefined) {
      if (!target.port.message(source, payload)) return 'NWS_ERR_PEER_TAKES_NO_MESSAGES'
    } else if (source.location === 'remote') {
      return 'NWS_ERR_PEER_NOT_FOUND' // One hop: nothing of one proxy goes on to another.
    } else if (!this.#carry(source, target, payload)) {
      return 'NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE'
    }
    this.messages++
    this.bytes += payload.bytes.length
    return 'delivered'
  }

  /** Over all its carriers: the numbers of a sender have no gaps on any of them, so that each brings them in order. */
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
      // A group whose only member is the sender has nobody to encode for.
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
      // Groups that hear the same text stand side by side, so that fanning out encodes it once.
      const text = encoding.sameText ?? encoding
      const last = this.#groups.findLastIndex(({ encoding: other }) => (other.sameText ?? other) === text)
      this.#groups.splice(last < 0 ? this.#groups.length : last + 1, 0, group)
    }
    return group
  }
}
