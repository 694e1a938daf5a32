// The bytes in all queues of the proxy together: for clients, on links, and in unfinished messages. Each queue has a limit of
// its own; many queues at their limits would still fill the memory, so the one that holds most gives way.

/** A queue whose bytes count. */
export interface QueueHolder {
  /** Bytes that wait now. */
  readonly queuedBytes: number
  /** The queue ends, and its bytes are given back soon. */
  giveWay(): void
}

/** Bytes written before the sum is looked at again. */
const BYTES_PER_CHECK = 4 * 1024 * 1024
/** After checks, the sum may be this much lower than the limit: few queues give way at once. */
const RELIEF_SHARE = 0.9

export class QueueBudget {
  readonly #maxBytes: number
  /** Queues that held bytes after their last write. */
  readonly #holders = new Set<QueueHolder>()
  readonly #sources: (() => Iterable<QueueHolder>)[] = []
  /** The sizes of the sources at the last periodic check. */
  #polled: readonly QueueHolder[] = []
  #written = 0
  #highest = 0

  /** @param maxBytes all queues together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The most bytes in all queues at a check since the last call. */
  takeHighest(): number {
    const highest = this.#highest
    this.#highest = 0
    return highest
  }

  /** Adds queues that do not report their writes; they are listed at each periodic check. */
  addSource(source: () => Iterable<QueueHolder>): void {
    this.#sources.push(source)
  }

  /** A queue holds bytes after it was given `bytes` more. */
  wrote(holder: QueueHolder, bytes: number): void {
    this.#holders.add(holder)
    this.#written += bytes
  }

  /** Checks the sum if enough was written to make a difference. */
  checkAfterWrites(): void {
    if (this.#written >= BYTES_PER_CHECK) this.#check()
  }

  /** Ends the largest queues while all together hold too much. Call it every second or so. */
  check(): void {
    this.#polled = this.#sources.flatMap(source => [...source()])
    this.#check()
  }

  #check(): void {
    this.#written = 0
    const found: { holder: QueueHolder; bytes: number }[] = []
    let sum = 0
    const count = (holder: QueueHolder): void => {
      const bytes = holder.queuedBytes
      if (bytes <= 0) {
        this.#holders.delete(holder)
      } else {
        found.push({ holder, bytes })
        sum += bytes
      }
    }
    for (const holder of this.#holders) count(holder)
    for (const holder of this.#polled) count(holder)
    this.#highest = Math.max(this.#highest, sum)
    if (sum <= this.#maxBytes) return
    found.sort((a, b) => b.bytes - a.bytes)
    for (const { holder, bytes } of found) {
      if (sum <= this.#maxBytes * RELIEF_SHARE) return
      this.#holders.delete(holder)
      holder.giveWay()
      sum -= bytes
    }
  }
}
