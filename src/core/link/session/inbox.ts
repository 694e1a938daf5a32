// The order in which arriving frames take effect: strictly that of arrival, and while a step of a round is computed the
// later ones wait. It knows no frames before HELLO.
//
// DATA may pass a step that cannot change the meaning of any handle (all but M6), so that a long round, or one that waits
// for its budget, does not hold up the messages of channels that were confirmed before. PING, PONG and ACK do not come here.
import { MAX_WAITING_BYTES } from '../constants.ts'
import { frameType, type Frame } from '../wire/frames.ts'
import type { Fault } from '../result.ts'

/** What arrives: a frame, the fault after which nothing is readable, or the end of the stream. */
export type Arrival = Frame | Fault | 'end'

/** The needs of the inbox. */
export interface InboxOwner {
  /** Takes the next arrival; may call hold(). */
  take(arrival: Arrival): void
  /** Too much waits, or no longer: stop or resume reading. */
  pause(paused: boolean): void
}

/** The frames of one link on their way to taking effect. */
export class Inbox {
  readonly #owner: InboxOwner
  readonly #waiting: Arrival[] = []
  #bytes = 0
  #held: 'no' | 'partly' | 'wholly' = 'no'
  #paused = false
  #over = false

  constructor(owner: InboxOwner) {
    this.#owner = owner
  }

  /** Adds frames that have arrived, and lets those take effect that may. */
  push(arrival: Arrival): void {
    if (this.#over) return
    if (this.#waiting.length === 0 && this.#mayPass(arrival)) {
      this.#owner.take(arrival)
      return
    }
    this.#waiting.push(arrival)
    this.#bytes += sizeOf(arrival)
    this.#pauseWhereNeeded()
  }

  /** Nothing takes effect until release(). @param wholly not even DATA */
  hold(wholly: boolean): void {
    this.#held = wholly ? 'wholly' : 'partly'
  }

  /** The step is over. */
  release(): void {
    this.#held = 'no'
    while (!this.#over && this.#waiting.length > 0 && this.#mayPass(this.#waiting[0]!)) {
      const arrival = this.#waiting.shift()!
      this.#bytes -= sizeOf(arrival)
      this.#owner.take(arrival)
    }
    this.#pauseWhereNeeded()
  }

  /** Whether the stream has ended, with a fault or without, behind what waits. */
  get ended(): boolean {
    const last = this.#waiting.at(-1)
    return last !== undefined && (last === 'end' || 'ok' in last)
  }

  /** Forgets everything; nothing takes effect any more. */
  end(): void {
    this.#over = true
    this.#waiting.length = 0
  }

  #mayPass(arrival: Arrival): boolean {
    if (this.#held === 'no') return true
    return (
      this.#held === 'partly' && typeof arrival === 'object' && 'type' in arrival && arrival.type === frameType.data
    )
  }

  #pauseWhereNeeded(): void {
    const paused = this.#paused ? this.#bytes > MAX_WAITING_BYTES / 2 : this.#bytes > MAX_WAITING_BYTES
    if (paused === this.#paused || this.#over) return
    this.#paused = paused
    this.#owner.pause(paused)
  }
}

function sizeOf(arrival: Arrival): number {
  // A waiting frame keeps more than its body alive: the objects around it count too, or tiny frames would be free.
  return typeof arrival === 'object' && 'type' in arrival ? arrival.body.length + 256 : 0
}
