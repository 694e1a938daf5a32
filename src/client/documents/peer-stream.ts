// Messages of any size to one peer, in order: they travel in parts, and no more than a window is on the way.

/** Numbers that no message of a Yjs document begins with. */
const LAST_PART = 100
const PART = 101
const RECEIVED = 102

const PART_BYTES = 32 * 1024
/** After so many bytes a receiver says that it has them. */
const STEP_BYTES = 4 * PART_BYTES
const WINDOW_BYTES = 2 * STEP_BYTES
/** A peer that sends a longer message is not heard. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024

/** Injected things. */
export interface PeerStreamDeps {
  readonly send: (frame: Uint8Array<ArrayBuffer>) => void
  readonly received: (message: Uint8Array) => void
}

export class PeerStream {
  readonly #deps: PeerStreamDeps
  #waiting: Uint8Array<ArrayBuffer>[] = []
  /** Bytes on the way, and bytes that came since this end last said so. */
  #unconfirmed = 0
  #unsaid = 0
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(deps: PeerStreamDeps) {
    this.#deps = deps
  }

  send(message: Uint8Array): void {
    for (let at = 0; at === 0 || at < message.length; at += PART_BYTES) {
      const part = message.subarray(at, at + PART_BYTES)
      const frame = new Uint8Array(1 + part.length)
      frame[0] = at + PART_BYTES < message.length ? PART : LAST_PART
      frame.set(part, 1)
      this.#waiting.push(frame)
    }
    this.#pump()
  }

  /** Takes a binary message of the peer. Others than those of a stream are ignored. */
  take(frame: Uint8Array): void {
    if (frame[0] === RECEIVED) {
      this.#unconfirmed = Math.max(0, this.#unconfirmed - STEP_BYTES)
      return this.#pump()
    }
    if (frame[0] !== PART && frame[0] !== LAST_PART) return
    for (this.#unsaid += frame.length; this.#unsaid >= STEP_BYTES; this.#unsaid -= STEP_BYTES)
      this.#deps.send(new Uint8Array([RECEIVED]))
    this.#bytes += frame.length - 1
    if (this.#bytes > MAX_MESSAGE_BYTES) {
      this.#parts = []
      return
    }
    this.#parts.push(frame.subarray(1))
    if (frame[0] === PART) return
    const message = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts.splice(0)) {
      message.set(part, at)
      at += part.length
    }
    this.#bytes = 0
    this.#deps.received(message)
  }

  #pump(): void {
    while (this.#unconfirmed < WINDOW_BYTES) {
      const frame = this.#waiting.shift()
      if (frame === undefined) return
      this.#unconfirmed += frame.length
      this.#deps.send(frame)
    }
  }
}
