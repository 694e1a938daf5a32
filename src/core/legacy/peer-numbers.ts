// The numbers under which clients of the second generation know the peers of one channel: their own, which their pages
// chose, and random ones for all others. Not the sessions of those clients, no randomness of its own.

/** Numbers that a page may choose; a server of that time kept them in 64 bits. */
const GRAMMAR = /^\d{4,19}$/
/** Given numbers have as many digits as chosen ones must have. */
const LEAST = 1000

/** A number in the one form in which it is compared and written: decimal digits without leading zeros. */
export function canonicalNumber(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

/** The number that a page chose, in its canonical form, or undefined where it may not choose that. Kept as text: it may be beyond 2^53. */
export function parseChosenNumber(text: string): string | undefined {
  return GRAMMAR.test(text) ? canonicalNumber(text) : undefined
}

/** Numbers and peers of one channel, mapped both ways. A number stays with its peer until it is released. */
export class PeerNumbers {
  /** Peer ids; null: chosen by somebody who is no peer yet. */
  readonly #peers = new Map<string, string | null>()
  readonly #numbers = new Map<string, string>()
  readonly #randomBytes: (count: number) => Uint8Array

  constructor(randomBytes: (count: number) => Uint8Array) {
    this.#randomBytes = randomBytes
  }

  /** Whether a number is chosen or given. */
  isTaken(number: string): boolean {
    return this.#peers.has(number)
  }

  /** Keeps a number, which must be free, for somebody who will be a peer. */
  reserve(number: string): void {
    this.#peers.set(number, null)
  }

  /** Gives a reserved number to the peer that it was kept for. */
  assign(number: string, peerId: string): void {
    this.#peers.set(number, peerId)
    this.#numbers.set(peerId, number)
  }

  /** The number of a peer, given now if it has none: below 2^53, so that any client can count so far. */
  numberOf(peerId: string): string {
    let number = this.#numbers.get(peerId)
    if (number === undefined) {
      do number = this.#random()
      while (this.#peers.has(number))
      this.assign(number, peerId)
    }
    return number
  }

  /** The id of the peer with that number. */
  peerIdOf(number: string): string | undefined {
    return this.#peers.get(number) ?? undefined
  }

  /** Makes a number free. */
  release(number: string): void {
    const peerId = this.#peers.get(number)
    this.#peers.delete(number)
    if (typeof peerId === 'string') this.#numbers.delete(peerId)
  }

  /** Makes the number of a peer free, if it has one. */
  releasePeer(peerId: string): void {
    const number = this.#numbers.get(peerId)
    if (number !== undefined) this.release(number)
  }

  #random(): string {
    for (;;) {
      const [top = 0, ...rest] = this.#randomBytes(7)
      const value = rest.reduce((sum, byte) => sum * 256 + byte, top & 0x1f) // 53 bits, all that a double holds.
      if (value >= LEAST) return String(value)
    }
  }
}
