// The frames that a client may not have got, so that it can come back and miss nothing. It keeps references to the buffers
// that were written: the members of a channel share them.

interface Entry {
  readonly bytes: Buffer
  readonly frames: number
}

/** The length of the first frame in unmasked frames of a server. */
function frameLength(bytes: Buffer, at: number): number {
  const length = bytes[at + 1]! & 0x7f
  if (length < 126) return 2 + length
  return length === 126 ? 4 + bytes.readUInt16BE(at + 2) : 10 + Number(bytes.readBigUInt64BE(at + 2))
}

export class ReplayLog {
  readonly #maxBytes: number
  #entries: Entry[] = []
  /** Entries before this one are given up. They are removed together, because that costs less. */
  #head = 0
  #bytes = 0
  /** Number of the last frame before the entries, and of the last frame of all. */
  #before = 0
  #last = 0

  /** @param maxBytes that are kept; older ones are given up */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Keeps bytes that are written to the client. @param frames in them */
  keep(bytes: Buffer, frames: number): void {
    this.#entries.push({ bytes, frames })
    this.#bytes += bytes.length
    this.#last += frames
    while (this.#bytes > this.#maxBytes) this.#drop()
  }

  /** The client has the frames up to this number. */
  acknowledge(number: number): void {
    for (let entry = this.#entries[this.#head]; entry !== undefined; entry = this.#entries[this.#head]) {
      if (this.#before + entry.frames > number) return
      this.#drop()
    }
  }

  /** Whether the frames after this number are all here. */
  covers(number: number): boolean {
    return number >= this.#before && number <= this.#last
  }

  /** Number of the last frame. */
  get last(): number {
    return this.#last
  }

  /** The frames after this number, which `covers` has confirmed. */
  since(number: number): Buffer {
    this.acknowledge(number)
    const parts = this.#entries.slice(this.#head).map(({ bytes }) => bytes)
    let at = 0
    for (let frame = this.#before; frame < number; frame++) at += frameLength(parts[0]!, at)
    if (at > 0) parts[0] = parts[0]!.subarray(at)
    return Buffer.concat(parts)
  }

  #drop(): void {
    const { bytes, frames } = this.#entries[this.#head]!
    this.#head++
    this.#bytes -= bytes.length
    this.#before += frames
    if (this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}
