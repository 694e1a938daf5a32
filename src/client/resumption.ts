// The way back to a membership after the socket is lost: the token of the proxy, the count of its messages, and the messages
// that it may not have got. connection.ts makes the sockets.
import type { Frame } from './outbox.ts'

/** Messages of the proxy about it. They are not counted. */
const ACTION = '{"action":"resume"'
/** Bytes and messages each way after which both ends tell their counts, so that neither keeps more. */
const TELL_BYTES = 256 * 1024
const TELL_MESSAGES = 1024

export class Resumption {
  /** Milliseconds that the proxy waits; 0: it does not. */
  forMs = 0
  #token = ''
  /** Messages of the proxy. */
  #received = 0
  /** Messages to the proxy that it may not have: the first one has this number. */
  #kept: Frame[] = []
  #first = 1
  /** Since the last exchange of counts. */
  #bytes = 0
  #messages = 0
  readonly #tell: (text: string) => void

  /** @param tell sends the count of received messages */
  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** A message to the proxy is about to be sent. */
  sends(frame: Frame): void {
    if (this.forMs === 0) return
    this.#kept.push(frame)
    this.#count(frame.length)
  }

  /** Takes a message of the proxy. @returns true: it is about the way back, and not for the protocol */
  takes(data: unknown): boolean {
    if (typeof data === 'string' && data.startsWith(ACTION)) {
      const { token, forMs, received } = JSON.parse(data) as { token?: string; forMs?: number; received?: number }
      if (token !== undefined) {
        this.#token = token
        this.forMs = forMs ?? 0
        this.#received = 0
        this.#kept = []
        this.#first = 1
      }
      if (received !== undefined) this.#confirm(received)
      return true
    }
    this.#received++
    if (this.forMs > 0) this.#count(typeof data === 'string' ? data.length : (data as ArrayBuffer).byteLength)
    return false
  }

  /** Asks the proxy for its count, and so whether it still answers. */
  ask(): void {
    this.#bytes = this.#messages = 0
    this.#tell(`${ACTION},"received":${this.#received}}`)
  }

  /** The first message of a socket that comes back. */
  get greeting(): string {
    return `${ACTION},"token":${JSON.stringify(this.#token)},"received":${this.#received}}`
  }

  /** Messages that the proxy has not got, and the number of those before them. */
  get missing(): { readonly before: number; readonly frames: readonly Frame[] } {
    return { before: this.#first - 1, frames: this.#kept }
  }

  /** The membership is lost. */
  forget(): void {
    this.forMs = 0
    this.#kept = []
  }

  #confirm(received: number): void {
    this.#kept.splice(0, Math.max(0, received + 1 - this.#first))
    this.#first = Math.max(this.#first, received + 1)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (++this.#messages >= TELL_MESSAGES || this.#bytes >= TELL_BYTES) this.ask()
  }
}

/** Whether a message of a socket that comes back says that it is back. */
export function isBack(data: unknown): boolean {
  return typeof data === 'string' && data.startsWith(ACTION)
}
