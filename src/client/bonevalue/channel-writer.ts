// Writes messages to a data channel as fast as it takes them. Short messages pass long ones, and long ones take turns.
import { BINARY_FOLLOWS, MAX_PARTED, MAX_WHOLE_BYTES, partsOf } from './parts.ts'

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
  readonly pieces: readonly Uint8Array[]
  /** Whether it arrives after all earlier ones of its kind. */
  readonly isOrdered: boolean
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

  /**
   * Sends a text, with binary values behind it, as soon as there is room.
   *
   * @param isOrdered whether it arrives after all earlier messages that were sent so. Others may pass each other
   */
  send(text: string, binary: readonly Uint8Array[] = [], isOrdered = false): Outgoing {
    const isBinary = binary.length > 0
    const isLong = isBinary || isOrdered
    const bytes = text.length <= SURELY_WHOLE && !isLong ? undefined : this.#encoder.encode(text)
    if (bytes === undefined || (bytes.length <= MAX_WHOLE_BYTES && !isLong)) {
      this.#short.push(text)
      this.#pump()
      return nothing
    }
    const long: Long = {
      pieces: isBinary ? [bytes, BINARY_FOLLOWS, ...binary] : [bytes],
      isOrdered,
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
    for (;;) {
      this.#begin()
      const turn = this.#begun.shift()
      if (turn === undefined) return undefined
      const { value } = turn.parts!.next()
      if (value === undefined) continue
      this.#begun.push(turn)
      return value
    }
  }

  /** Begins waiting messages, as far as there is room. Of the ordered ones only one is on its way. */
  #begin(): void {
    while (this.#begun.length < MAX_PARTED) {
      const hasOrdered = this.#begun.some(({ isOrdered }) => isOrdered)
      const index = this.#long.findIndex(({ isOrdered }) => !isOrdered || !hasOrdered)
      if (index < 0) return
      const [long] = this.#long.splice(index, 1) as [Long]
      this.#number = (this.#number + 1) % 2 ** 32
      long.parts = partsOf(long.pieces, this.#number)
      this.#begun.push(long)
    }
  }
}
