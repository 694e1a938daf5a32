// The peers of a channel for the application: an array, as in the library of 2014, with the look-ups of a Map. Only
// envelope-protocol.ts changes it.
import type { PeerWebSocket } from './peer-web-socket.ts'

/** The present peers in the order of their arrival. It is always the same, live object. */
export class Peers extends Array<PeerWebSocket> {
  /** Methods such as `map` return ordinary arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  get size(): number {
    return this.length
  }

  get(id: string): PeerWebSocket | undefined {
    return this.find(peer => peer.id === id)
  }

  has(id: string): boolean {
    return this.get(id) !== undefined
  }
}
