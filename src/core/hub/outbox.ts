// Where bytes for one peer wait until the end of the event-loop turn, so that all of a turn goes out in one write.
// Not a queue across turns: what the transport has not taken yet waits in the transport.
import type { FanoutGroup } from './fanout-group.ts'
import type { TurnQueue } from './turn-queue.ts'

/** What an outbox writes to: a socket, a response, with its owner. */
export interface ByteSink {
  /** Takes the bytes at once; must not call back into the channel. */
  write(bytes: Buffer): void
  /** Bytes that the transport has not taken yet. */
  readonly queuedBytes: number
  /** More than the limit waits: the owner ends the peer. Called outside of any delivery. */
  stalled(): void
}

/** The bytes of one turn for one peer, in order. */
export class Outbox {
  /** The group whose broadcasts this peer gets; set by the group. */
  group: FanoutGroup | undefined
  /** Place in the group; set by the group. */
  slot = -1
  /** How many entries of the group's turn have been taken into `parts`; set by the group. */
  cursor = 0
  /** Whether the group's turn holds entries that this peer sent itself; set by the group. */
  spoke = false
  /** Frames for this peer alone, with the group's entries that come before them. */
  #parts: Buffer[] | undefined
  /** Whether a flush at the end of this turn has been asked for. */
  #due = false
  #closed = false
  readonly #turns: TurnQueue
  readonly #sink: ByteSink
  readonly #maxQueuedBytes: number

  /** @param maxQueuedBytes bytes that may wait in the sink from earlier turns when a new one is written */
  constructor(turns: TurnQueue, sink: ByteSink, maxQueuedBytes: number) {
    this.#turns = turns
    this.#sink = sink
    this.#maxQueuedBytes = maxQueuedBytes
  }

  /** True where the outbox has nothing of its own this turn and takes the group's turn as it is. */
  get takesWholeTurn(): boolean {
    return this.#parts === undefined && this.cursor === 0 && !this.spoke
  }

  /** Bytes that were handed to the transport and not taken yet. */
  get queuedBytes(): number {
    return this.#sink.queuedBytes
  }

  /** Adds a frame for this peer alone. */
  push(frame: Buffer): void {
    if (this.#closed) return
    this.#append(frame)
    if (this.#due) return
    this.#due = true
    this.#turns.add(this)
  }

  /** Adds a frame that may wait for some milliseconds, if nothing else is sent before. */
  pushPresence(frame: Buffer): void {
    if (this.#closed) return
    const waits = this.#parts !== undefined
    this.#append(frame)
    if (!waits) this.#due = this.#turns.addPresence(this)
  }

  /** Adds a frame that waits for the next one, or for `flush()`. @returns whether nothing has waited: then the caller sees to it */
  pushPatient(frame: Buffer): boolean {
    if (this.#closed) return false
    const waits = this.#parts !== undefined
    this.#append(frame)
    return !waits
  }

  /** Writes what waits. Called at the end of the turn, and by the owner before it closes the transport. */
  flush(): void {
    if (this.#closed) return
    const parts = this.#parts ?? []
    this.#parts = undefined
    this.#due = false
    this.group?.takeEntries(this, parts)
    if (parts.length > 0) this.deliver(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
  }

  #append(frame: Buffer): void {
    this.#parts ??= []
    this.group?.takeEntries(this, this.#parts)
    this.#parts.push(frame)
  }

  /** Hands bytes to the sink, or reports the peer as too slow. */
  deliver(bytes: Buffer): void {
    if (this.#closed) return
    if (this.checkStalled()) return
    this.#sink.write(bytes)
    if (this.#sink.queuedBytes > this.#maxQueuedBytes) this.#turns.watch(this)
  }

  /** True where more than the limit waits; then the peer has been reported as too slow. */
  checkStalled(): boolean {
    if (this.#closed || this.#sink.queuedBytes <= this.#maxQueuedBytes) return false
    this.#closed = true
    this.#turns.defer(() => this.#sink.stalled())
    return true
  }

  /** Nothing is written any more; what waits is forgotten. Flush first to keep it. */
  close(): void {
    this.#closed = true
    this.#parts = undefined
    this.group?.remove(this)
  }
}
