// The numbers of the peers of one channel, for clients of the second generation. Their pages choose their own number; all other
// peers get random ones.

/** Numbers that a page may choose. A server of that time kept them in 64 bits. */
const GRAMMAR = /^\d{4,19}$/
/** The smallest random number. It has as many digits as chosen numbers must have. */
const LEAST = 1000

/** The form in which numbers are compared and written: decimal digits without leading zeros. */
export function canonicalNumber(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

/** The number that a page chose, in canonical form; undefined: it is not allowed. It is text, because it may be beyond 2^53. */
export function parseChosenNumber(text: string): string | undefined {
  return GRAMMAR.test(text) ? canonicalNumber(text) : undefined
}

/** Numbers and peers of one channel, mapped both ways. A number stays with its peer until it is released. */
export class PeerNumbers {
  /** Peer ids; null: the client that chose the number is no peer yet. */
  readonly #peers = new Map<string, string | null>()
  readonly #numbers = new Map<string, string>()
  readonly #randomBytes: (count: number) => Uint8Array

  constructor(randomBytes: (count: number) => Uint8Array) {
    this.#randomBytes = randomBytes
  }

  /** Whether a peer or a client has the number. */
  isTaken(number: string): boolean {
    return this.#peers.has(number)
  }

  /** Keeps a free number for a client that will be a peer. */
  reserve(number: string): void {
    this.#peers.set(number, null)
  }

  /** Gives a number to a peer. */
  assign(number: string, peerId: string): void {
    this.#peers.set(number, peerId)
    this.#numbers.set(peerId, number)
  }

  /** The number of a peer. A peer without one gets a random number, below 2^53 so that every client can read it. */
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
