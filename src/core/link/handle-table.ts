// The confirmed channels of one link and their handles, with the life of a handle: in use, left by us and unanswered,
// gone. Not what is said on them (channel-traffic.ts).
import { mapKey } from '../bytes.ts'
import { linkFault, type LinkFault } from './link-fault.ts'

/** A handle in use. */
export interface Handle {
  readonly name: string
  /** 8 bytes. */
  readonly bytes: Uint8Array
  /** The bytes as a Map key. */
  readonly key: string
}

/** The handles of one link. */
export class HandleTable {
  readonly #byName = new Map<string, Handle>()
  readonly #byKey = new Map<string, Handle>()
  /** Keys of handles that this side left and whose LEAVE has not been answered. */
  readonly #left = new Set<string>()

  /** Handles in use. */
  get size(): number {
    return this.#byName.size
  }

  /** Names of the channels confirmed now. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  /** The handle of a channel that is confirmed. */
  of(name: string): Handle | undefined {
    return this.#byName.get(name)
  }

  /** The handle in use with that key. */
  find(key: string): Handle | undefined {
    return this.#byKey.get(key)
  }

  /** Whether this side left the handle and has no answer yet, so that what comes for it is no offence. */
  isLeft(key: string): boolean {
    return this.#left.has(key)
  }

  /** A channel is confirmed. A fault where the handle is in use, or left and unanswered. */
  confirm(name: string, bytes: Uint8Array): Handle | LinkFault {
    const key = mapKey(bytes)
    if (this.#byKey.has(key) || this.#left.has(key)) return linkFault(1008, 'A handle is in use')
    if (this.#byName.has(name)) return linkFault(1011, 'A channel was confirmed twice')
    const handle = { name, bytes, key }
    this.#byName.set(name, handle)
    this.#byKey.set(key, handle)
    return handle
  }

  /** This side leaves: the handle for which LEAVE is to be sent, or `undefined` where the channel is not confirmed. */
  leave(name: string): Handle | undefined {
    const handle = this.#byName.get(name)
    if (handle === undefined) return undefined
    this.#forget(handle)
    this.#left.add(handle.key)
    return handle
  }

  /** LEAVE came: the handle that is to be answered and is gone now; `undefined` for an answer and for an unknown one. */
  leftByRemote(key: string): Handle | undefined {
    if (this.#left.delete(key)) return undefined
    const handle = this.#byKey.get(key)
    if (handle !== undefined) this.#forget(handle)
    return handle
  }

  #forget(handle: Handle): void {
    this.#byName.delete(handle.name)
    this.#byKey.delete(handle.key)
  }
}
