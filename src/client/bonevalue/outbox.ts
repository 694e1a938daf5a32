// The order in which messages go out on a data channel, and how fast: no more than the channel takes is handed to it, short
// messages pass long ones, and long ones take turns. Not what the messages mean.
import { MAX_PARTED, MAX_WHOLE_BYTES, partsOf } from './parts.ts'

/** The part of RTCDataChannel that is used here. */
export interface OutChannel {
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  send(data: string | Uint8Array<ArrayBuffer>): void
  addEventListener(type: 'bufferedamountlow', listener: () => void): void
}

/** Bytes that the channel may hold, and those below which it asks for more. */
const HIGH_WATER = 256 * 1024
const LOW_WATER = 64 * 1024

/** Characters that cannot be more bytes of UTF-8 than go in one message. */
const SURELY_WHOLE = Math.floor(MAX_WHOLE_BYTES / 3)

/** A message that is waiting or on its way. */
export interface Outgoing {
  /** Takes it back, unless it is on its way as a whole already. */
  cancel(): void
}

interface Long extends Outgoing {
  readonly bytes: Uint8Array
  parts: Iterator<Uint8Array<ArrayBuffer>, void> | undefined
}

const nothing: Outgoing = { cancel: () => {} }

/** The outgoing messages of one channel. */
export class Outbox {
  readonly #channel: OutChannel
  readonly #encoder = new TextEncoder()
  #short: (string | Uint8Array<ArrayBuffer>)[] = []
  /** Those that have begun, in turn, and those that wait behind. */
  #begun: Long[] = []
  #long: Long[] = []
  #number = 0
  #isOver = false

  constructor(channel: OutChannel) {
    this.#channel = channel
    channel.bufferedAmountLowThreshold = LOW_WATER
    channel.addEventListener('bufferedamountlow', () => this.#pump())
  }

  /** Whether nothing waits here; the channel may still hold something. */
  get isEmpty(): boolean {
    return this.#short.length === 0 && this.#begun.length === 0 && this.#long.length === 0
  }

  /** Sends a text as soon as there is room. */
  send(text: string): Outgoing {
    const bytes = text.length <= SURELY_WHOLE ? undefined : this.#encoder.encode(text)
    if (bytes === undefined || bytes.length <= MAX_WHOLE_BYTES) {
      this.#short.push(text)
      this.#pump()
      return nothing
    }
    const long: Long = {
      bytes,
      parts: undefined,
      // One that has begun goes on to its end: the other end has its beginning and counts on the rest.
      cancel: () => {
        this.#long = this.#long.filter(other => other !== long)
      }
    }
    this.#long.push(long)
    this.#pump()
    return long
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#isOver = true
    this.#short = []
    this.#begun = []
    this.#long = []
  }

  #pump(): void {
    while (!this.#isOver && this.#channel.bufferedAmount < HIGH_WATER) {
      const next = this.#short.shift() ?? this.#nextPart()
      if (next === undefined) return
      try {
        if (typeof next === 'string') this.#channel.send(next)
        else this.#channel.send(next)
      } catch {
        return this.stop() // It is closing; its close event says the rest.
      }
    }
  }

  #nextPart(): Uint8Array<ArrayBuffer> | undefined {
    while (this.#begun.length < MAX_PARTED && this.#long.length > 0) {
      const long = this.#long.shift()!
      this.#number = (this.#number + 1) % 2 ** 32
      long.parts = partsOf(long.bytes, this.#number)
      this.#begun.push(long)
    }
    for (let turn = this.#begun.shift(); turn !== undefined; turn = this.#begun.shift()) {
      const { value } = turn.parts!.next()
      if (value === undefined) continue
      this.#begun.push(turn)
      return value
    }
    return undefined
  }
}
