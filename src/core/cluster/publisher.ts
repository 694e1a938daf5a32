// What this proxy says to the cluster: gathered per subject until the end of the event-loop turn, sealed, published in
// order; kept for a while where the broker takes nothing. Not what is said (cluster.ts).
import { HEADER_BYTES, MAX_QUEUED_BYTES, SESSION_BYTES, TAG_BYTES } from './constants.ts'
import { packBatches, type FrameParts } from './fragments.ts'
import type { ClusterPort } from './interfaces.ts'
import type { ClusterPrimitives } from './primitives.ts'
import { epochOf, type Realm } from './realm.ts'
import { sealBatch } from './sealed-batch.ts'

/** The frames of one subject of one turn. */
interface Pending {
  readonly subject: string
  readonly frames: FrameParts[]
  bytes: number
}

/** What a frame costs in memory beside its bytes, about. */
const FRAME_COST = 64

/** What a publisher needs. */
export interface PublisherOptions {
  readonly realm: Realm
  readonly primitives: ClusterPrimitives
  readonly port: ClusterPort
  /** Milliseconds since 1970. */
  readonly time: () => number
  readonly endOfTurn: (run: () => void) => void
  /** Called before a turn's batches are made. */
  readonly beforeFlush: () => void
}

/** The way out of one proxy. */
export class Publisher {
  /** Random for this run: names the sender. */
  readonly session: Uint8Array
  /** Batches that were published. */
  published = 0
  /** Bytes that were published. */
  publishedBytes = 0
  /** Frames that were given up because the queue was full. */
  dropped = 0
  readonly #options: PublisherOptions
  readonly #pending = new Map<string, Pending>()
  /** Waits for the broker, oldest first. */
  #queue: Pending[] = []
  #queuedBytes = 0
  #number = 0
  #cutFrames = 0
  #due = false

  constructor(options: PublisherOptions) {
    this.#options = options
    this.session = options.primitives.randomBytes(SESSION_BYTES)
  }

  /** Bytes that wait for the broker. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Adds a frame to the turn. */
  add(subject: string, ...frame: FrameParts): void {
    let pending = this.#pending.get(subject)
    if (pending === undefined) {
      pending = { subject, frames: [], bytes: 0 }
      this.#pending.set(subject, pending)
    }
    pending.frames.push(frame)
    pending.bytes += FRAME_COST
    for (const { length } of frame) pending.bytes += length
    this.wake()
  }

  /** Asks for a flush at the end of the turn. */
  wake(): void {
    if (this.#due) return
    this.#due = true
    this.#options.endOfTurn(() => this.flush())
  }

  /** Publishes what the broker takes now. */
  flush(): void {
    this.#due = false
    this.#options.beforeFlush()
    for (const pending of this.#pending.values()) this.#enqueue(pending)
    this.#pending.clear()
    this.drain()
  }

  /** Publishes what waits, as far as the broker takes it. */
  drain(): void {
    const { port } = this.#options
    let done = 0
    while (done < this.#queue.length && port.ready) {
      const pending = this.#queue[done++]!
      this.#queuedBytes -= pending.bytes
      this.#publish(pending)
    }
    if (done > 0) this.#queue = this.#queue.slice(done)
  }

  #enqueue(pending: Pending): void {
    this.#queue.push(pending)
    this.#queuedBytes += pending.bytes
    let gone = 0
    // The newest stays, however large it is: it is sent at once where the broker takes it.
    while (this.#queuedBytes > MAX_QUEUED_BYTES && gone < this.#queue.length - 1) {
      const oldest = this.#queue[gone++]!
      this.#queuedBytes -= oldest.bytes
      this.dropped += oldest.frames.length
    }
    if (gone > 0) this.#queue = this.#queue.slice(gone)
  }

  #publish({ subject, frames }: Pending): void {
    const { primitives, realm, port, time } = this.#options
    const room = port.maxPayload - HEADER_BYTES - TAG_BYTES
    for (const batch of packBatches(frames, room, () => ++this.#cutFrames >>> 0)) {
      const sealed = sealBatch(
        primitives,
        realm,
        subject,
        { epoch: epochOf(time()), session: this.session, number: ++this.#number },
        batch
      )
      this.published += 1
      this.publishedBytes += sealed.length
      port.publish(subject, sealed)
    }
  }
}
