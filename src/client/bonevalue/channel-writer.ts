// Writes messages to a data channel as fast as it takes them. Short messages pass long ones, and long ones take turns.
import { MAX_PARTED, MAX_WHOLE_BYTES, partsOf, withBinary } from './parts.ts'

/** The used parts of an RTCDataChannel. */
export interface WritableChannel {
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  send(data: string | Uint8Array<ArrayBuffer>): void
  addEventListener(type: 'bufferedamountlow', listener: () => void): void
}

/** Bytes in the channel above which nothing is written, and below which writing goes on. */
const HIGH_WATER = 256 * 1024
const LOW_WATER = 64 * 1024

/** A text of this length fits into one message, whatever its characters. */
const SURELY_WHOLE = Math.floor(MAX_WHOLE_BYTES / 3)

/** A message that waits or is being sent. */
export interface Outgoing {
  /** Cancels it if no part of it was sent. */
  cancel(): void
}

interface Long extends Outgoing {
  readonly bytes: Uint8Array
  parts: Iterator<Uint8Array<ArrayBuffer>, void> | undefined
}

const nothing: Outgoing = { cancel: () => {} }

export class ChannelWriter {
  readonly #channel: WritableChannel
  readonly #encoder = new TextEncoder()
  #short: (string | Uint8Array<ArrayBuffer>)[] = []
  /** Long messages that have begun, and those that wait. */
  #begun: Long[] = []
  #long: Long[] = []
  #number = 0
  #isOver = false

  constructor(channel: WritableChannel) {
    this.#channel = channel
    channel.bufferedAmountLowThreshold = LOW_WATER
    channel.addEventListener('bufferedamountlow', () => this.#pump())
  }

  /** Whether nothing waits here. The channel may still hold messages. */
  get isEmpty(): boolean {
    return this.#short.length === 0 && this.#begun.length === 0 && this.#long.length === 0
  }

  /** Sends a text, with binary values behind it, as soon as there is room. */
  send(text: string, binary: readonly Uint8Array[] = []): Outgoing {
    const isBinary = binary.length > 0
    const bytes = text.length <= SURELY_WHOLE && !isBinary ? undefined : this.#encoder.encode(text)
    if (bytes === undefined || (bytes.length <= MAX_WHOLE_BYTES && !isBinary)) {
      this.#short.push(text)
      this.#pump()
      return nothing
    }
    const long: Long = {
      bytes: isBinary ? withBinary(bytes, binary) : bytes,
      parts: undefined,
      // A message that has begun is sent to its end: the other end waits for the rest.
      cancel: () => {
        this.#long = this.#long.filter(other => other !== long)
      }
    }
    this.#long.push(long)
    this.#pump()
    return long
  }

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
        return this.stop() // The channel is closing. Its close event follows.
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
