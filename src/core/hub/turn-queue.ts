// The work at the end of an event-loop turn: first writes, then work that must not run during a delivery. Work that
// would take long is done in slices, so that no channel keeps the others waiting. The owner brings the timers.
import type { QueueBudget } from './queue-budget.ts'

export interface Flushable {
  flush(): void
}

/** Something with a transport that may be over its limit. */
export interface Stallable {
  checkStalled(): boolean
}

/** Work that may go on over several turns. */
export interface Sliced {
  /** Does work that is worth about `bytes`. @returns the bytes it was worth */
  proceed(bytes: number): number
  /** False once all is done. */
  readonly isBusy: boolean
}

/** Bytes handed out by sliced work in one turn. */
const BYTES_PER_TURN = 4 * 1024 * 1024
/** Bytes that one sliced work hands out before the next one has its share. */
const SLICE_BYTES = 256 * 1024
/** Peers whose presence is written in one turn. */
const PRESENCE_PER_TURN = 256
/**
 * Milliseconds after which a turn leaves the rest of its sliced work and its presence to the next one: a write of one mebibyte
 * takes from 0.2 ms to 20 ms, because the system may run the receiver in it.
 */
const MS_PER_TURN = 4

/** Collects the work for the end of a turn. */
export class TurnQueue {
  /** The bytes that wait in all transports together. */
  readonly queues: QueueBudget
  #dirty: Flushable[] = []
  #deferred: (() => void)[] = []
  #watched = new Set<Stallable>()
  #suspects = new Set<Stallable>()
  #scheduled = false
  #sliced: Sliced[] = []
  #presence: Flushable[] = []
  #patient: Flushable[] = []
  #resting = false
  readonly #now: () => number
  readonly #atEndOfTurn: (run: () => void) => void
  readonly #afterRest: ((run: () => void) => void) | undefined
  readonly #run = (): void => this.end()

  /**
   * @param queues counts the bytes in the transports
   * @param now monotonic milliseconds
   * @param atEndOfTurn calls its argument once after the current turn's events, such as `setImmediate`
   * @param afterRest calls its argument once some milliseconds later; undefined: presence never rests
   */
  constructor(
    queues: QueueBudget,
    now: () => number,
    atEndOfTurn: (run: () => void) => void,
    afterRest?: (run: () => void) => void
  ) {
    this.queues = queues
    this.#now = now
    this.#atEndOfTurn = atEndOfTurn
    this.#afterRest = afterRest
  }

  /** True while sliced work is left. */
  get isBusy(): boolean {
    return this.#sliced.length > 0
  }

  /** Asks for `flush()` at the end of the turn. Callers add themselves once a turn. */
  add(item: Flushable): void {
    this.#dirty.push(item)
    this.#schedule()
  }

  /**
   * Asks for `flush()` of presence at the end of the turn. After a turn with presence comes a rest, in which presence
   * waits: if many peers join a large channel one by one, each member gets one write per rest, not one per newcomer.
   */
  addPresence(item: Flushable): void {
    if (this.#resting) {
      this.#patient.push(item)
    } else {
      this.#presence.push(item)
      this.#schedule()
    }
  }

  /** Does the work in slices from the end of this turn on. Callers add themselves once, until they are not busy. */
  addSliced(work: Sliced): void {
    this.#sliced.push(work)
    this.#schedule()
  }

  /** Calls `work` after all writes of the turn. */
  defer(work: () => void): void {
    this.#deferred.push(work)
    this.#schedule()
  }

  /** Remembers a transport that is over its limit, for `checkStalled`. */
  watch(item: Stallable): void {
    this.#watched.add(item)
  }

  /**
   * Ends the transports that are over their limit in two calls in a row: one large turn may pass the limit. Call it
   * every second or so.
   */
  checkStalled(): void {
    for (const item of this.#suspects) item.checkStalled()
    this.#suspects = this.#watched
    this.#watched = new Set()
    this.queues.check()
  }

  /** Ends the turn now. */
  end(): void {
    this.#scheduled = false
    const dirty = this.#dirty
    this.#dirty = []
    for (const item of dirty) item.flush()
    const until = this.#now() + MS_PER_TURN
    if (this.#presence.length > 0) this.#flushPresence(until)
    if (this.#sliced.length > 0) this.#proceed(until)
    this.queues.checkAfterWrites()
    const deferred = this.#deferred
    this.#deferred = []
    for (const work of deferred) work()
  }

  /** @param until time of the clock after which no other peer is written to */
  #flushPresence(until: number): void {
    let count = 0
    for (const item of this.#presence) {
      item.flush()
      count++
      if (count >= PRESENCE_PER_TURN || this.#now() >= until) break
    }
    this.#presence.splice(0, count)
    if (this.#presence.length > 0) {
      this.#schedule()
    } else if (this.#afterRest !== undefined) {
      this.#resting = true
      this.#afterRest(() => this.#endRest())
    }
  }

  /** @param until time of the clock after which no other slice begins. Each turn does one. */
  #proceed(until: number): void {
    let left = BYTES_PER_TURN
    do {
      const work = this.#sliced.shift()!
      if (!work.isBusy) continue
      left -= work.proceed(Math.min(left, SLICE_BYTES))
      if (work.isBusy) this.#sliced.push(work)
    } while (left > 0 && this.#sliced.length > 0 && this.#now() < until)
    if (this.#sliced.length > 0) this.#schedule()
  }

  #endRest(): void {
    this.#resting = false
    const patient = this.#patient
    this.#patient = []
    for (const item of patient) this.addPresence(item)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#atEndOfTurn(this.#run)
  }
}
