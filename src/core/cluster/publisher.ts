// The frames of this proxy to the cluster: collected per subject until the end of the event-loop turn, sealed, and
// published in order. They wait while the broker takes nothing, and are kept until it has confirmed them: a new connection
// begins with those that it has not.
import { u32, u8 } from '../bytes.ts'
import { HEADER_BYTES, MAX_QUEUED_BYTES, SESSION_BYTES, TAG_BYTES } from './constants.ts'
import { packBatches, type FrameParts } from './fragments.ts'
import { COUNT_BYTES, frameType } from './frames.ts'
import type { ClusterPort } from './interfaces.ts'
import type { ClusterPrimitives } from './primitives.ts'
import { epochOf, type Realm } from './realm.ts'
import { sealBatch } from './sealed-batch.ts'

/** Numbers the batches of one subject, so that its listeners notice a missing one. */
export interface Lane {
  /** The number of the last batch. */
  count: number
}

/** The frames of one subject of one turn. */
interface Pending {
  readonly subject: string
  readonly lane: Lane | undefined
  readonly frames: Given[]
  bytes: number
}

/** A frame, or a function that makes it when it is published. */
type Given = FrameParts | (() => FrameParts)

/** A batch that was published and not confirmed. */
interface Sent {
  readonly subject: string
  readonly batch: Uint8Array
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
  #waitingBytes = 0
  /** Published and not confirmed, oldest first. */
  #sent: Sent[] = []
  #sentBytes = 0
  #number = 0
  /** Numbers of lanes for batches that were dropped. */
  #skipped = 0
  #cutFrames = 0
  #due = false

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    this.session = deps.primitives.randomBytes(SESSION_BYTES)
  }

  /** Bytes that the broker has not confirmed. */
  get queuedBytes(): number {
    return this.#waitingBytes + this.#sentBytes
  }

  /** Bytes that are not published yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** A lane for a subject. Its numbers are higher than those of any earlier lane, because each batch also has a number. */
  openLane(): Lane {
    return { count: this.#number + this.#skipped }
  }

  /** @param lane of the subject, if its listeners notice missing batches */
  add(subject: string, frame: Given, lane?: Lane): void {
    let pending = this.#pending.get(subject)
    if (pending === undefined) {
      pending = { subject, lane, frames: [], bytes: 0 }
      this.#pending.set(subject, pending)
    }
    pending.frames.push(frame)
    pending.bytes += FRAME_COST
    if (typeof frame !== 'function') for (const { length } of frame) pending.bytes += length
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
      this.#waitingBytes -= pending.bytes
      this.#publish(pending)
    }
    if (done > 0) this.#queue = this.#queue.slice(done)
  }

  /** The broker has taken the next so many batches. */
  confirmed(count: number): void {
    for (const { batch } of this.#sent.slice(0, count)) this.#sentBytes -= batch.length
    this.#sent = this.#sent.slice(count)
    this.drain()
  }

  /** A new connection: publishes again the messages that the last one has not confirmed. Readers skip those that they have taken. */
  reconnected(): void {
    const { port } = this.#deps
    const sent = this.#sent
    this.#sent = []
    this.#sentBytes = 0
    const room = port.maxPayload - HEADER_BYTES - TAG_BYTES
    for (const one of sent)
      if (one.batch.length <= room) this.#seal(one)
      else this.dropped += 1
    this.drain()
  }

  #enqueue(pending: Pending): void {
    this.#queue.push(pending)
    this.#waitingBytes += pending.bytes
    let gone = 0
    // The newest stays, however large: a ready broker gets it at once.
    while (this.queuedBytes > MAX_QUEUED_BYTES && gone < this.#queue.length - 1) {
      const { lane, bytes, frames } = this.#queue[gone++]!
      this.#waitingBytes -= bytes
      this.dropped += frames.length
      if (lane === undefined) continue
      lane.count += 1 // Listeners miss a number.
      this.#skipped += 1
    }
    if (gone > 0) this.#queue = this.#queue.slice(gone)
  }

  #publish({ subject, lane, frames }: Pending): void {
    const room = this.#deps.port.maxPayload - HEADER_BYTES - TAG_BYTES
    const head = lane === undefined ? () => [] : () => [[u8(frameType.count), u32(++lane.count >>> 0)]]
    const cutNumber = (): number => ++this.#cutFrames >>> 0
    const made = frames.map(frame => (typeof frame === 'function' ? frame() : frame))
    for (const batch of packBatches(made, lane === undefined ? room : room - COUNT_BYTES, cutNumber, head))
      this.#seal({ subject, batch })
  }

  #seal(sent: Sent): void {
    const { primitives, realm, port, time } = this.#deps
    const { subject, batch } = sent
    const header = { epoch: epochOf(time()), session: this.session, number: ++this.#number }
    const sealed = sealBatch(primitives, realm, subject, header, batch)
    this.published += 1
    this.publishedBytes += sealed.length
    this.#sent.push(sent)
    this.#sentBytes += batch.length
    port.publish(subject, sealed)
  }
}
