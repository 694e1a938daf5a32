// A large answer travels in parts. Its receiver confirms what has arrived, so that no queue on the way grows beyond a bound.
import { PART_BYTES, type Message } from './messages.ts'

/** Bytes that may be on the way to one peer. */
const WINDOW_BYTES = 8 * PART_BYTES

type Part = Extract<Message, { type: 'part' }>
type Received = Extract<Message, { type: 'received' }>

/** The answer that is on the way to one peer. */
export class OutgoingAnswer {
  readonly #id: number
  readonly #answer: Uint8Array
  readonly #send: (part: Part) => void
  #sent = 0
  #received = 0

  constructor(id: number, answer: Uint8Array, send: (part: Part) => void) {
    this.#id = id
    this.#answer = answer
    this.#send = send
    this.#pump()
  }

  received({ id, bytes }: Received): void {
    if (id !== this.#id) return
    this.#received = Math.max(this.#received, Math.min(bytes, this.#sent))
    this.#pump()
  }

  #pump(): void {
    while (this.#sent < this.#answer.length && this.#sent - this.#received < WINDOW_BYTES) {
      const bytes = this.#answer.subarray(this.#sent, this.#sent + PART_BYTES)
      this.#sent += bytes.length
      this.#send({ type: 'part', id: this.#id, size: this.#answer.length, bytes })
    }
  }
}

/** The answer that comes from the asked peer. */
export class IncomingAnswer {
  readonly id: number
  readonly #parts: Uint8Array[] = []
  #bytes = 0

  constructor(id: number) {
    this.id = id
  }

  get received(): Received {
    return { type: 'received', id: this.id, bytes: this.#bytes }
  }

  /** Takes the next part. @returns the whole answer if this was the last one */
  take({ size, bytes }: Part): Uint8Array | undefined {
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes < size) return undefined
    const all = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
}
