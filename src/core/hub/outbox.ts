// Collects the bytes for one peer until the end of the event-loop turn, so that a turn is one write, except for large frames.
// Bytes that the transport has not taken wait in the transport, not here.
import type { FanoutGroup } from './fanout-group.ts'
import type { QueueHolder } from './queue-budget.ts'
import type { TurnQueue } from './turn-queue.ts'

/** Frames of this size are written alone. */
const LARGE_BYTES = 32 * 1024

/** The transport of an outbox, such as a socket or a response. */
export interface ByteSink {
  /** Takes the bytes at once. Must not call back into the channel. @param frames in them */
  write(bytes: Buffer, frames: number): void
  /** Bytes that the transport has not taken yet. */
  readonly queuedBytes: number
  /** The limit is passed: the owner ends the peer. Never called during a delivery. */
  stalled(): void
}

/** The bytes of one turn for one peer, in order. */
export class Outbox implements QueueHolder {
  /** The group whose broadcasts this peer gets. The group sets this and the three below. */
  group: FanoutGroup | undefined
  /** Place in the group. */
  slot = -1
  /** How many entries of the group's turn are in `parts` already. */
  cursor = 0
  /** Whether the group's turn has entries that this peer sent. */
  spoke = false
  /** Frames for this peer alone, and the group's entries that come before them. */
  #parts: Buffer[] | undefined
  /** Whether a flush at the end of this turn is due. */
  #due = false
  #closed = false
  readonly #turns: TurnQueue
  readonly #sink: ByteSink
  readonly #maxQueuedBytes: number

  /** @param maxQueuedBytes bytes of earlier turns that may wait in the sink when a new turn is written */
  constructor(turns: TurnQueue, sink: ByteSink, maxQueuedBytes: number) {
    this.#turns = turns
    this.#sink = sink
    this.#maxQueuedBytes = maxQueuedBytes
  }

  /** True if this peer gets exactly the group's turn. */
  get takesWholeTurn(): boolean {
    return this.#parts === undefined && this.cursor === 0 && !this.spoke
  }

  /** Bytes that the transport has not taken yet. */
  get queuedBytes(): number {
    return this.#sink.queuedBytes
  }

  push(frame: Buffer): void {
    if (this.#closed) return
    this.#append(frame)
    if (this.#due) return
    this.#due = true
    this.#turns.add(this)
  }

  /** Adds a frame that may wait some milliseconds. */
  pushPresence(frame: Buffer): void {
    if (this.#closed) return
    const waits = this.#parts !== undefined
    this.#append(frame)
    if (!waits) this.#turns.addPresence(this)
  }

  /** Adds a frame that waits for the next one. @returns true if nothing waited before: the caller must then call `flush()` in time */
  pushPatient(frame: Buffer): boolean {
    if (this.#closed) return false
    const waits = this.#parts !== undefined
    this.#append(frame)
    return !waits
  }

  /** Writes all waiting frames. Called at the end of the turn, and by the owner before it closes the transport. */
  flush(): void {
    if (this.#closed) return
    const parts = this.#parts ?? []
    this.#parts = undefined
    this.#due = false
    this.group?.takeEntries(this, parts)
    if (parts.length > 0 && !this.checkStalled()) this.#write(parts)
  }

  /** Writes large frames as they are, because a copy costs more than another write. Joins the others. */
  #write(frames: readonly Buffer[]): void {
    let from = 0
    for (let index = 0; index <= frames.length; index++) {
      const frame = frames[index]
      if (frame !== undefined && frame.length < LARGE_BYTES) continue
      const small = frames.slice(from, index)
      if (small.length > 0) this.#writeOne(small.length === 1 ? small[0]! : Buffer.concat(small), small.length)
      if (frame !== undefined) this.#writeOne(frame, 1)
      from = index + 1
    }
  }

  #append(frame: Buffer): void {
    this.#parts ??= []
    this.group?.takeEntries(this, this.#parts)
    this.#parts.push(frame)
  }

  /** Writes bytes to the sink, or reports the peer as too slow. @param frames in them */
  deliver(bytes: Buffer, frames: number): void {
    if (this.#closed || this.checkStalled()) return
    this.#writeOne(bytes, frames)
  }

  #writeOne(bytes: Buffer, frames: number): void {
    this.#sink.write(bytes, frames)
    const queued = this.#sink.queuedBytes
    if (queued > 0) this.#turns.queues.wrote(this, bytes.length)
    if (queued > this.#maxQueuedBytes) this.#turns.watch(this)
  }

  /** True if the limit is passed. The peer is then reported as too slow. */
  checkStalled(): boolean {
    if (this.#closed || this.#sink.queuedBytes <= this.#maxQueuedBytes) return false
    this.giveWay()
    return true
  }

  /** Reports the peer as too slow. */
  giveWay(): void {
    if (this.#closed) return
    this.#closed = true
    this.#turns.defer(() => this.#sink.stalled())
  }

  /** Ends writing and drops waiting frames. Flush first to keep them. */
  close(): void {
    this.#closed = true
    this.#parts = undefined
    this.group?.remove(this)
  }
}
