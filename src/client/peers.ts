// The peers of a channel as its application sees them: an array, as in the ancestor, with the look-ups of a Map. Not
// the book-keeping (envelope-protocol.ts), which alone changes it.
import type { PeerWebSocket } from './peer-web-socket.ts'

/** The peers that are there now, in the order of their coming. It is always the same, live object. */
export class Peers extends Array<PeerWebSocket> {
  /** `map`, `filter` and the like return ordinary arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  /** How many there are. */
  get size(): number {
    return this.length
  }

  /** The peer of an id. */
  get(id: string): PeerWebSocket | undefined {
    return this.find(peer => peer.id === id)
  }

  /** Whether a peer of this id is there. */
  has(id: string): boolean {
    return this.get(id) !== undefined
  }
}
