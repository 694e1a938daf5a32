// The sockets that have not logged in, and how many of them may be open.
import { addressKey } from '../address-key.ts'

/** From one address, from this machine, and in all. Loopback has its own limit, because all local clients share it. */
const MAX_STRANGERS = { perAddress: 64, loopback: 1024, all: 4096 } as const

/** The strangers of one rendezvous. */
export class Strangers {
  /** The key of each stranger's address. */
  readonly #keys = new Map<object, string>()
  /** Strangers of each address. */
  readonly #counts = new Map<string, number>()

  get size(): number {
    return this.#keys.size
  }

  /** Adds a socket. @returns false: it is one too many, and its owner has to end it */
  add(socket: object, address: string): boolean {
    const { key, loopback } = addressKey(address)
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#keys.set(socket, key)
    this.#counts.set(key, count)
    return this.size <= MAX_STRANGERS.all && count <= (loopback ? MAX_STRANGERS.loopback : MAX_STRANGERS.perAddress)
  }

  /** The socket has logged in, or is over. */
  delete(socket: object): void {
    const key = this.#keys.get(socket)
    if (key === undefined) return
    this.#keys.delete(socket)
    const count = this.#counts.get(key)! - 1
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
  }
}
