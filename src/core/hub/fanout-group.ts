// The peers of one channel with the same encoding: a broadcast is encoded once, and peers that get the same frames in a
// turn share one buffer. It knows no ids, presence or limits.
import type { Encoding } from './encoding.ts'
import type { Outbox } from './outbox.ts'
import type { Sliced, TurnQueue } from './turn-queue.ts'

interface Entry {
  readonly frame: Buffer
  /** The sender, which does not get it. */
  readonly except: Outbox | undefined
}

/** Bytes that a group hands out at the end of a turn. More is handed out in slices, over several turns. */
const BYTES_AT_ONCE = 1024 * 1024
/** Bytes of broadcasts that wait while slices are handed out. More are handed out at once: they come from a link. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { frame }) => sum + frame.length, 0)

/** The broadcasts of one turn for all outboxes of one encoding. */
export class FanoutGroup implements Sliced {
  readonly encoding: Encoding
  readonly #turns: TurnQueue
  readonly #members: Outbox[] = []
  #entries: Entry[] = []
  #bytes = 0
  /** While slices are handed out: how many entries every member gets in this pass, in one buffer. */
  #pass: { readonly until: number; readonly whole: Buffer } | undefined
  /** The pass goes from the last member to the first, so that a removal never moves a member past it. */
  #next = -1
  #waiting: (() => void)[] = []

  constructor(encoding: Encoding, turns: TurnQueue) {
    this.encoding = encoding
    this.#turns = turns
  }

  get size(): number {
    return this.#members.length
  }

  /** Adds an outbox. It gets all later broadcasts. */
  add(outbox: Outbox): void {
    outbox.group = this
    outbox.slot = this.#members.length
    outbox.cursor = this.#entries.length
    this.#members.push(outbox)
  }

  /** Removes an outbox. Without a flush before, it misses the rest of this turn. */
  remove(outbox: Outbox): void {
    if (outbox.group !== this) return
    const last = this.#members.pop()!
    if (last !== outbox) {
      this.#members[outbox.slot] = last
      last.slot = outbox.slot
    }
    outbox.group = undefined
    outbox.slot = -1
    outbox.cursor = 0
    outbox.spoke = false
  }

  /** Adds an encoded broadcast to the turn. */
  send(frame: Buffer, except: Outbox | undefined): void {
    if (this.#entries.length === 0) this.#turns.add(this)
    if (except !== undefined) except.spoke = true
    this.#entries.push({ frame, except })
    this.#bytes += frame.length
    if (this.#bytes > MAX_WAITING_BYTES) while (this.isBusy) this.proceed(Infinity)
  }

  /** True while a pass is under way. */
  get isBusy(): boolean {
    return this.#pass !== undefined
  }

  /** Calls `run`, once, when all members have been handed all broadcasts. */
  whenDrained(run: () => void): void {
    this.#waiting.push(run)
  }

  /** Appends the entries to `parts` that `outbox` does not have yet. */
  takeEntries(outbox: Outbox, parts: Buffer[]): void {
    const entries = this.#entries
    for (let i = outbox.cursor; i < entries.length; i++) {
      const entry = entries[i]!
      if (entry.except !== outbox) parts.push(entry.frame)
    }
    outbox.cursor = entries.length
    outbox.spoke = false
  }

  /** Writes the turn to all members, or begins to if it is much. */
  flush(): void {
    const entries = this.#entries
    if (entries.length === 0 || this.isBusy) return
    if (this.#bytes * this.#members.length > BYTES_AT_ONCE) {
      this.#begin()
      this.#turns.addSliced(this)
      return
    }
    let whole: Buffer | undefined
    for (const member of this.#members) {
      if (member.takesWholeTurn) member.deliver((whole ??= this.#join()), entries.length)
      else member.flush()
      member.cursor = 0
      member.spoke = false
    }
    this.#entries = []
    this.#bytes = 0
  }

  proceed(bytes: number): number {
    if (this.#pass === undefined) return 0
    const { until, whole } = this.#pass
    let spent = 0
    while (this.#next >= 0 && spent < bytes) {
      const member = this.#members[this.#next--]
      if (member === undefined || member.cursor >= until) continue
      if (member.takesWholeTurn) {
        member.deliver(whole, until)
        member.cursor = until
      } else {
        member.flush()
      }
      spent += whole.length
    }
    if (this.#next < 0) this.#end(until)
    return spent
  }

  #begin(): void {
    this.#pass = { until: this.#entries.length, whole: this.#join() }
    this.#next = this.#members.length - 1
  }

  /** Every member has the entries of the pass. Later ones have come meanwhile: they are the next pass. */
  #end(until: number): void {
    this.#pass = undefined
    this.#entries.splice(0, until)
    this.#bytes = bytesOf(this.#entries)
    for (const member of this.#members) member.cursor -= until
    if (this.#entries.length > 0) return this.#begin()
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) run()
  }

  #join(): Buffer {
    if (this.#entries.length === 1) return this.#entries[0]!.frame
    const whole = Buffer.allocUnsafe(this.#bytes)
    let at = 0
    for (const { frame } of this.#entries) {
      whole.set(frame, at)
      at += frame.length
    }
    return whole
  }
}
