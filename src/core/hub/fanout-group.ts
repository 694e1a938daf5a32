// The peers of one channel with the same encoding: a broadcast is encoded once, and peers that get the same frames in a
// turn share one buffer. It knows no ids, presence or limits.
import type { Encoding } from './encoding.ts'
import type { Outbox } from './outbox.ts'
import type { TurnQueue } from './turn-queue.ts'

interface Entry {
  readonly frame: Buffer
  /** The sender, which does not get it. */
  readonly except: Outbox | undefined
}

/** The broadcasts of one turn for all outboxes of one encoding. */
export class FanoutGroup {
  readonly encoding: Encoding
  readonly #turns: TurnQueue
  readonly #members: Outbox[] = []
  #entries: Entry[] = []

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
  }

  /** Appends the entries to `parts` that `outbox` does not have yet. */
  takeEntries(outbox: Outbox, parts: Buffer[]): void {
    const entries = this.#entries
    for (let i = outbox.cursor; i < entries.length; i++) {
      const entry = entries[i]!
      if (entry.except !== outbox) parts.push(entry.frame)
    }
    outbox.cursor = entries.length
  }

  /** Writes the turn to all members. */
  flush(): void {
    const entries = this.#entries
    if (entries.length === 0) return
    let whole: Buffer | undefined
    const members = this.#members
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      if (member.takesWholeTurn) {
        whole ??= entries.length === 1 ? entries[0]!.frame : Buffer.concat(entries.map(entry => entry.frame))
        member.deliver(whole)
      } else {
        member.flush()
      }
      member.cursor = 0
      member.spoke = false
    }
    this.#entries = []
  }
}
