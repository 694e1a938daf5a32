// What has to happen at the end of the current event-loop turn: writes first, then work that must not run in the midst
// of a delivery. Owns no timer: the owner says how the end of a turn is reached.

/** Something that writes at the end of a turn. */
export interface Flushable {
  flush (): void
}

/** Something whose transport holds more than it may. */
export interface Stallable {
  checkStalled (): boolean
}

/** Collects the work for the end of a turn. */
export class TurnQueue {
  private dirty: Flushable[] = []
  private deferred: (() => void)[] = []
  private watched = new Set<Stallable>()
  private suspects = new Set<Stallable>()
  private scheduled = false
  private readonly atEndOfTurn: (run: () => void) => void
  private readonly run = (): void => this.end()

  /** @param atEndOfTurn calls its argument once after the current turn's events, such as `setImmediate` */
  constructor (atEndOfTurn: (run: () => void) => void) {
    this.atEndOfTurn = atEndOfTurn
  }

  /** Asks for `flush()` at the end of the turn; the caller adds itself once a turn. */
  add (item: Flushable): void {
    this.dirty.push(item)
    this.schedule()
  }

  /** Asks for a call after all writes of the turn. */
  defer (work: () => void): void {
    this.deferred.push(work)
    this.schedule()
  }

  /** Remembers a transport over its limit, for `checkStalled`. */
  watch (item: Stallable): void {
    this.watched.add(item)
  }

  /**
   * Looks again at the transports that were over their limit a call ago: one large turn may pass the limit, staying
   * there may not. Call it every second or so.
   */
  checkStalled (): void {
    for (const item of this.suspects) item.checkStalled()
    this.suspects = this.watched
    this.watched = new Set()
  }

  /** Ends the turn now. */
  end (): void {
    this.scheduled = false
    const dirty = this.dirty
    this.dirty = []
    for (const item of dirty) item.flush()
    const deferred = this.deferred
    this.deferred = []
    for (const work of deferred) work()
  }

  private schedule (): void {
    if (this.scheduled) return
    this.scheduled = true
    this.atEndOfTurn(this.run)
  }
}
