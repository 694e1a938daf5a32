// Messages that wait behind a Blob that is still being read, or for a connection. Keeps the order in which `send`
// was called. No states and no limits here.

/** A message as it goes to the socket. */
export type Frame = string | Uint8Array<ArrayBuffer>

interface Entry {
  frame: Frame | undefined
  readonly bytes: number
  readonly target: string | undefined
}

/** Messages in order, written as soon as that is possible. */
export class Outbox {
  /** Bytes that wait. */
  bytes = 0
  #entries: Entry[] = []
  #write: ((frame: Frame) => void) | undefined
  #whenEmpty: (() => void) | undefined

  /**
   * @param frame the message, or a promise of it; if that is rejected, `failed` is called and the message is left out
   * @param bytes its size
   * @param target id of the peer that it is for
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

  /** From now on messages are written by this function. */
  start(write: (frame: Frame) => void): void {
    this.#write = write
    this.#pump()
  }

  /** From now on messages wait. */
  stop(): void {
    this.#write = undefined
  }

  /** Calls back once when nothing waits; at once if nothing waits now. */
  whenEmpty(callback: () => void): void {
    this.#whenEmpty = callback
    this.#pump()
  }

  /** Drops messages for targets that are no longer there. */
  keepTargets(isThere: (target: string) => boolean): void {
    for (const entry of this.#entries.filter(({ target }) => target !== undefined && !isThere(target)))
      this.#remove(entry)
  }

  /** Drops everything. */
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
