// Spreads work that grows with the size of a channel over several turns: joins of large channels, and telling a large
// channel that a peer has left.
import type { Peer } from './peer.ts'
import type { Sliced, TurnQueue } from './turn-queue.ts'

/** One peer that is told of another one costs about as much time as this many bytes handed out. */
const BYTES_PER_PEER = 1024
/** Up to this many peers are told at once. */
export const PEERS_AT_ONCE = 64

/** Lets peers into large channels one after another. */
export class JoinPace implements Sliced {
  readonly #turns: TurnQueue
  #waiting: { readonly bytes: number; readonly run: () => void }[] = []

  constructor(turns: TurnQueue) {
    this.#turns = turns
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves when it is the turn of a join that tells `peers` others. */
  async wait(peers: number): Promise<void> {
    if (!this.isBusy) this.#turns.addSliced(this)
    // A newcomer hears of the others, and they of it.
    await new Promise<void>(run => this.#waiting.push({ bytes: 2 * peers * BYTES_PER_PEER, run }))
  }

  proceed(bytes: number): number {
    let spent = 0
    let count = 0
    for (const join of this.#waiting) {
      if (spent >= bytes) break
      join.run()
      spent += join.bytes
      count++
    }
    this.#waiting.splice(0, count)
    return spent
  }
}

/** Tells the members of a channel that a peer has left. Those who joined after that never knew it. */
class Farewell implements Sliced {
  readonly #left: Peer
  readonly #members: Iterator<Peer>
  readonly #until: number
  #done = false

  constructor(left: Peer, members: Iterator<Peer>, until: number) {
    this.#left = left
    this.#members = members
    this.#until = until
  }

  get isBusy(): boolean {
    return !this.#done
  }

  proceed(bytes: number): number {
    let spent = 0
    while (spent < bytes) {
      const { value, done } = this.#members.next()
      if (done === true || value.place > this.#until) {
        this.#done = true
        break
      }
      value.port?.disconnect(this.#left)
      spent += BYTES_PER_PEER
    }
    return spent
  }
}

/** @param members in the order of their joins @param until place of the last one to tell */
export function sayFarewell(turns: TurnQueue, left: Peer, members: ReadonlyMap<string, Peer>, until: number): void {
  const farewell = new Farewell(left, members.values(), until)
  if (members.size > PEERS_AT_ONCE) turns.addSliced(farewell)
  else farewell.proceed(Infinity)
}
