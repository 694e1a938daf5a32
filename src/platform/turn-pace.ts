// Spreads a rush of requests over several turns of the event loop. Thousands of them may be due at once, and the clients that are
// connected already must not wait until all are served.

/** Requests of one turn: some milliseconds of work. */
const REQUESTS_PER_TURN = 16

/** Admits the first requests of a turn at once, and the others in later turns. */
export class TurnPace {
  readonly #nextTurn: (run: () => void) => void
  #left = REQUESTS_PER_TURN
  #isScheduled = false
  #waiting: (() => void)[] = []

  /** @param nextTurn calls its argument in the next turn of the event loop */
  constructor(nextTurn: (run: () => void) => void = run => setImmediate(run)) {
    this.#nextTurn = nextTurn
  }

  /** Calls `begin` now or in a later turn, in the order of the calls. */
  admit(begin: () => void): void {
    this.#schedule()
    if (this.#left === 0) {
      this.#waiting.push(begin)
      return
    }
    this.#left--
    begin()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    const next = this.#waiting.splice(0, REQUESTS_PER_TURN)
    this.#left = REQUESTS_PER_TURN - next.length
    if (next.length > 0) this.#schedule()
    for (const begin of next) begin()
  }
}
