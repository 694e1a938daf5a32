// Messages that wait to be sent, behind a Blob that is still being read or for a connection, in the order of `send`.

export type Frame = string | Uint8Array<ArrayBuffer>

interface Entry {
  frame: Frame | undefined
  readonly bytes: number
  readonly target: string | undefined
}

export class Outbox {
  bytes = 0
  #entries: Entry[] = []
  #write: ((frame: Frame) => void) | undefined
  #whenEmpty: (() => void) | undefined

  /**
   * @param frame the message or a promise of it; if that rejects, `failed` is called and the message is dropped
   * @param bytes its size
   * @param target id of a peer; undefined for all
   */
  push(frame: Frame | Promise<Frame>, bytes: number, target: string | undefined, failed: () => void): void {
    const entry: Entry = { frame: undefined, bytes, target }
    this.#entries.push(entry)
    this.bytes += bytes
    if (frame instanceof Promise) {
      frame
        .then(
          frame => {
            entry.frame = frame
          },
          () => {
            this.#remove(entry)
            failed()
          }
        )
        .finally(() => this.#pump())
    } else {
      entry.frame = frame
      this.#pump()
    }
  }

  /** Writes messages with this function from now on. */
  start(write: (frame: Frame) => void): void {
    this.#write = write
    this.#pump()
  }

  /** Lets messages wait from now on. */
  stop(): void {
    this.#write = undefined
  }

  /** Calls back once when nothing waits, maybe at once. */
  whenEmpty(callback: () => void): void {
    this.#whenEmpty = callback
    this.#pump()
  }

  /** Drops messages for targets that have left. */
  keepTargets(isThere: (target: string) => boolean): void {
    for (const entry of this.#entries.filter(({ target }) => target !== undefined && !isThere(target)))
      this.#remove(entry)
  }

  clear(): void {
    this.#entries = []
    this.bytes = 0
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry)
    if (index < 0) return
    this.#entries.splice(index, 1)
    this.bytes -= entry.bytes
  }

  #pump(): void {
    for (
      let entry = this.#entries[0];
      this.#write !== undefined && entry?.frame !== undefined;
      entry = this.#entries[0]
    ) {
      this.#entries.shift()
      this.bytes -= entry.bytes
      this.#write(entry.frame)
    }
    if (this.#entries.length > 0) return
    const callback = this.#whenEmpty
    this.#whenEmpty = undefined
    callback?.()
  }
}
