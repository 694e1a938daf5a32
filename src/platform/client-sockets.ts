// The open sockets of one kind of clients: signs of life while they are open, and the goodbye at shutdown.
import type { ErrorCode } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'

/** A client that stays connected: a WebSocket or an event stream. */
export interface ConnectedClient {
  /** Bytes that the client has not taken. */
  readonly queuedBytes: number
  /** Sends a sign of life if it is time, or ends a client that has been silent for too long. @param now monotonic milliseconds */
  checkAlive(now: number): void
  /** The proxy did not run for a while: the silence until now does not count. */
  forgiveSilence(now: number): void
  /** Tells the client why and ends it. It stays in the set until it is closed. */
  end(code: ErrorCode): void
  /** Ends the connection without waiting for the client. */
  terminate(): void
}

/** Checks between two signs of life. Each client has its own moment, so that pings do not come in bursts. */
const CHECKS_PER_PING = 10

/** A set of open sockets. The owner adds a socket when it opens and deletes it when it is closed. */
export class ClientSockets<T extends ConnectedClient> implements Iterable<T> {
  readonly #open = new Set<T>()
  #timer: NodeJS.Timeout | undefined
  #isClosing = false
  #emptied: (() => void) | undefined

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#open.values()
  }

  /** Bytes that wait for each client. */
  queues(): number[] {
    return Array.from(this.#open, ({ queuedBytes }) => queuedBytes)
  }

  /** Adds a socket; one that comes after the goodbye is ended at once. */
  add(client: T): void {
    this.#open.add(client)
    if (this.#isClosing) client.end('NWS_ERR_SHUTTING_DOWN')
  }

  delete(client: ConnectedClient): void {
    this.#open.delete(client as T)
    if (this.#open.size === 0) this.#emptied?.()
  }

  /** Begins to check for signs of life. `goodbye` ends it. */
  start({ pingIntervalMs, peerTimeoutMs }: Pick<Settings, 'pingIntervalMs' | 'peerTimeoutMs'>): void {
    const checkMs = Math.ceil(pingIntervalMs / CHECKS_PER_PING)
    let last = performance.now()
    this.#timer = setInterval(() => {
      const now = performance.now()
      // After a pause of the proxy its clients' messages wait to be read, and no client was pinged.
      if (now - last > (peerTimeoutMs - pingIntervalMs) / 2) for (const client of this.#open) client.forgiveSilence(now)
      last = now
      for (const client of this.#open) client.checkAlive(now)
    }, checkMs).unref()
  }

  /** Ends all clients and waits until they are closed. @param patienceMs after which the others are cut off */
  async goodbye(patienceMs: number): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    for (const client of this.#open) client.end('NWS_ERR_SHUTTING_DOWN')
    if (this.#open.size === 0) return
    await new Promise<void>(resolve => {
      const deadline = setTimeout(() => {
        for (const client of this.#open) client.terminate()
        resolve()
      }, patienceMs)
      this.#emptied = () => {
        clearTimeout(deadline)
        resolve()
      }
    })
  }
}
