// The clients of the second generation in one channel, even before they are peers: the numbers of the channel's peers, and
// reports of peers that come and go.
import { NwsError, type ErrorCode } from '../../core/errors.ts'
import type { Scope } from '../../core/channel-name.ts'
import type { Channel } from '../../core/hub/channel.ts'
import type { Peer } from '../../core/hub/peer.ts'
import type { Hub } from '../../core/hub/hub.ts'
import { PeerNumbers } from '../../core/legacy/peer-numbers.ts'
import { NumberedPair, type Half } from './numbered-pair.ts'

/** One channel for these clients. It exists while it has a pair. */
export class NumberedRoom {
  readonly numbers: PeerNumbers
  readonly pairs = new Map<string, NumberedPair>()
  #channel: Channel | undefined
  readonly #empty: () => void
  readonly #onArrival = (peer: Peer): void => {
    for (const pair of this.pairs.values()) if (pair.peer !== peer) pair.tellCome(peer, false)
  }

  /** @param empty called after the last pair has ended */
  constructor(randomBytes: (count: number) => Uint8Array, empty: () => void) {
    this.numbers = new PeerNumbers(randomBytes)
    this.#empty = empty
  }

  /** All peers of the channel in the order of their joins; none while the channel is closed. */
  members(): Iterable<Peer> {
    return this.#channel?.members() ?? []
  }

  /** The channel has been opened. */
  opened(channel: Channel): void {
    this.#channel = channel
    channel.arrivals.add(this.#onArrival)
  }

  /** The channel has been closed. No event told of its remote peers. */
  closed(channel: Channel): void {
    if (channel !== this.#channel) return
    this.#unwatch()
    for (const peer of channel.members()) this.left(peer)
  }

  /** A peer has left the channel. */
  left(peer: Peer): void {
    for (const pair of this.pairs.values()) if (pair.peer !== peer) pair.tellGone(peer)
    this.numbers.releasePeer(peer.id)
  }

  /** A pair has ended. */
  remove(pair: NumberedPair): void {
    if (this.pairs.get(pair.number) !== pair) return
    this.pairs.delete(pair.number)
    this.numbers.release(pair.number)
    if (this.pairs.size > 0) return
    this.#unwatch()
    this.#empty()
  }

  #unwatch(): void {
    this.#channel?.arrivals.delete(this.#onArrival)
    this.#channel = undefined
  }
}

/** The half of a pair that a socket asks for. */
export interface NumberedSeat {
  readonly name: string
  readonly scope: Scope
  /** Canonical. */
  readonly number: string
  readonly half: Half
}

function keyOf({ name, scope }: { readonly name: string; readonly scope: Scope }): string {
  return `${scope}/${name}`
}

/** All rooms of a proxy. */
export class NumberedRooms {
  readonly #rooms = new Map<string, NumberedRoom>()
  readonly #hub: Hub
  readonly #randomBytes: (count: number) => Uint8Array
  readonly #pairTimeoutMs: number

  /** @param pairTimeoutMs how long a control socket waits for its data socket */
  constructor(hub: Hub, randomBytes: (count: number) => Uint8Array, pairTimeoutMs: number) {
    this.#hub = hub
    this.#randomBytes = randomBytes
    this.#pairTimeoutMs = pairTimeoutMs
    hub.hooks.leave.push(peer => {
      if (this.#rooms.size > 0) this.#rooms.get(keyOf(peer.channel))?.left(peer)
    })
    hub.hooks.channelOpened.push(channel => this.#rooms.get(keyOf(channel))?.opened(channel))
    hub.hooks.channelClosed.push(channel => this.#rooms.get(keyOf(channel))?.closed(channel))
  }

  /** Channels with these clients. */
  get size(): number {
    return this.#rooms.size
  }

  /** Why a socket cannot have a seat; undefined: it can. */
  refusal(seat: NumberedSeat, origin: string | undefined): ErrorCode | undefined {
    const room = this.#rooms.get(keyOf(seat))
    if (room === undefined) return undefined
    const pair = room.pairs.get(seat.number)
    if (pair !== undefined) return pair.refusal(seat.half, origin)
    return room.numbers.isTaken(seat.number) ? 'NWS_ERR_PEER_NUMBER_TAKEN' : undefined
  }

  /**
   * Finds or makes the pair of a seat. The caller joins it at once.
   *
   * @throws NwsError `NWS_ERR_PEER_NUMBER_TAKEN`, `NWS_ERR_PEER_NUMBER_ORIGIN`
   */
  claim(seat: NumberedSeat, origin: string | undefined): NumberedPair {
    const refusal = this.refusal(seat, origin)
    if (refusal !== undefined) throw new NwsError(refusal)
    const room = this.#rooms.get(keyOf(seat)) ?? this.#open(seat)
    let pair = room.pairs.get(seat.number)
    if (pair === undefined) {
      pair = new NumberedPair(room, seat.number, origin, this.#pairTimeoutMs)
      room.numbers.reserve(seat.number)
      room.pairs.set(seat.number, pair)
    }
    return pair
  }

  #open(seat: NumberedSeat): NumberedRoom {
    const key = keyOf(seat)
    const room = new NumberedRoom(this.#randomBytes, () => this.#rooms.delete(key))
    this.#rooms.set(key, room)
    const channel = this.#hub.find(seat.name, seat.scope)
    if (channel !== undefined) room.opened(channel)
    return room
  }
}
