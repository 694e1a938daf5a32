// The work at the end of an event-loop turn: first writes, then work that must not run during a delivery. The owner
// brings the timers.

export interface Flushable {
  flush(): void
}

/** Something with a transport that may be over its limit. */
export interface Stallable {
  checkStalled(): boolean
}

/** Collects the work for the end of a turn. */
export class TurnQueue {
  #dirty: Flushable[] = []
  #deferred: (() => void)[] = []
  #watched = new Set<Stallable>()
  #suspects = new Set<Stallable>()
  #scheduled = false
  #patient: Flushable[] = []
  /** Whether presence was written in this turn, and whether a rest after such a turn is running. */
  #presenceWritten = false
  #resting = false
  readonly #atEndOfTurn: (run: () => void) => void
  readonly #afterRest: (run: () => void) => void
  readonly #rests: boolean
  readonly #run = (): void => this.end()

  /**
   * @param atEndOfTurn calls its argument once after the current turn's events, such as `setImmediate`
   * @param afterRest calls its argument once some milliseconds later; undefined: presence never rests
   */
  constructor(atEndOfTurn: (run: () => void) => void, afterRest?: (run: () => void) => void) {
    this.#atEndOfTurn = atEndOfTurn
    this.#afterRest = afterRest ?? (() => {})
    this.#rests = afterRest !== undefined
  }

  /** Asks for `flush()` at the end of the turn. Callers add themselves once a turn. */
  add(item: Flushable): void {
    this.#dirty.push(item)
    this.#schedule()
  }

  /**
   * Asks for `flush()` of presence at the end of the turn. After a turn with presence comes a rest, in which presence
   * waits: if many peers join a large channel one by one, each member gets one write per rest, not one per newcomer.
   *
   * @returns false if the flush waits for the end of a rest
   */
  addPresence(item: Flushable): boolean {
    if (this.#resting) {
      this.#patient.push(item)
      return false
    }
    this.#presenceWritten = this.#rests
    this.add(item)
    return true
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
  }

  /** Ends the turn now. */
  end(): void {
    this.#scheduled = false
    const dirty = this.#dirty
    this.#dirty = []
    for (const item of dirty) item.flush()
    if (this.#presenceWritten) {
      this.#presenceWritten = false
      this.#resting = true
      this.#afterRest(() => this.#endRest())
    }
    const deferred = this.#deferred
    this.#deferred = []
    for (const work of deferred) work()
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
