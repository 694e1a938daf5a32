// The frames of this proxy to the cluster: collected per subject until the end of the event-loop turn, sealed, and
// published in order. They wait while the broker takes nothing.
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

/** Memory of a frame besides its bytes, estimated. */
const FRAME_COST = 64

export interface PublisherDeps {
  readonly realm: Realm
  readonly primitives: ClusterPrimitives
  readonly port: ClusterPort
  /** Milliseconds since 1970. */
  readonly time: () => number
  readonly endOfTurn: (run: () => void) => void
  /** Called before the batches of a turn are made. */
  readonly beforeFlush: () => void
}

export class Publisher {
  /** Names the sender; random in each run. */
  readonly session: Uint8Array
  published = 0
  publishedBytes = 0
  /** Frames that were dropped because the queue was full. */
  dropped = 0
  readonly #deps: PublisherDeps
  readonly #pending = new Map<string, Pending>()
  /** Waits for the broker, oldest first. */
  #queue: Pending[] = []
  #queuedBytes = 0
  #number = 0
  #cutFrames = 0
  #due = false

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    this.session = deps.primitives.randomBytes(SESSION_BYTES)
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

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

  wake(): void {
    if (this.#due) return
    this.#due = true
    this.#deps.endOfTurn(() => this.flush())
  }

  /** Ends the turn and publishes as much as the broker takes. */
  flush(): void {
    this.#due = false
    this.#deps.beforeFlush()
    for (const pending of this.#pending.values()) this.#enqueue(pending)
    this.#pending.clear()
    this.drain()
  }

  /** Publishes as much as the broker takes. */
  drain(): void {
    const { port } = this.#deps
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
    // The newest stays, however large: a ready broker gets it at once.
    while (this.#queuedBytes > MAX_QUEUED_BYTES && gone < this.#queue.length - 1) {
      const oldest = this.#queue[gone++]!
      this.#queuedBytes -= oldest.bytes
      this.dropped += oldest.frames.length
    }
    if (gone > 0) this.#queue = this.#queue.slice(gone)
  }

  #publish({ subject, frames }: Pending): void {
    const { primitives, realm, port, time } = this.#deps
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
