// The confirmed channels of one session and their handles, with the life of a handle: in use, gone here while the remote
// may still use it, forgotten. Their messages are in channel-traffic.ts.
import { concat, latin1, mapKey } from '../../bytes.ts'
import { HANDLE_BYTES, MAX_GONE_HANDLES } from '../constants.ts'
import { fault, type Fault } from '../result.ts'

const HANDLES_PER_LIST = 8000

/** A handle in use. */
export interface Handle {
  readonly name: string
  /** 8 bytes. */
  readonly bytes: Uint8Array
  /** The bytes as a Map key. */
  readonly key: string
}

/** The handles of one session. */
export class HandleTable {
  readonly #byName = new Map<string, Handle>()
  readonly #byKey = new Map<string, Handle>()
  /** The one that was looked up last. */
  #last: Handle | undefined
  /** Keys of handles that are gone here: frames for them are no offence. The oldest are forgotten. */
  readonly #gone = new Set<string>()

  /** Handles in use. */
  get size(): number {
    return this.#byName.size
  }

  /** Names of the channels confirmed now. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  /** The bytes of the handles in use, as lists that fit into a frame each. */
  lists(): Uint8Array[] {
    const handles = [...this.#byName.values()]
    return Array.from({ length: Math.ceil(handles.length / HANDLES_PER_LIST) }, (_, index) =>
      concat(...handles.slice(index * HANDLES_PER_LIST, (index + 1) * HANDLES_PER_LIST).map(({ bytes }) => bytes))
    )
  }

  /** The handle of a channel that is confirmed. */
  of(name: string): Handle | undefined {
    return this.#byName.get(name)
  }

  /** The handle in use that `body` begins with. */
  at(body: Uint8Array): Handle | undefined {
    // Most frames are for the handle of the one before; to make a key is slow.
    const last = this.#last
    if (last !== undefined && beginsWith(body, last.bytes)) return last
    return (this.#last = this.#byKey.get(latin1(body, 0, HANDLE_BYTES)))
  }

  /** Whether the handle is gone here and the remote may not know it yet. */
  isGone(key: string): boolean {
    return this.#gone.has(key)
  }

  /** A channel is confirmed. A fault if the handle is or was in use. */
  confirm(name: string, bytes: Uint8Array): Handle | Fault {
    const key = mapKey(bytes)
    if (this.#byKey.has(key) || this.#gone.has(key)) return fault(1008, 'A handle is in use')
    if (this.#byName.has(name)) return fault(1011, 'A channel was confirmed twice')
    const handle = { name, bytes, key }
    this.#byName.set(name, handle)
    this.#byKey.set(key, handle)
    return handle
  }

  /** This side leaves: the handle for which LEAVE is to be sent, or `undefined` if the channel is not confirmed. */
  leave(name: string): Handle | undefined {
    const handle = this.#byName.get(name)
    if (handle === undefined) return undefined
    this.#forget(handle)
    this.#ignore(handle.key)
    return handle
  }

  /** LEAVE came: the handle that is to be answered and is gone now; `undefined` for an answer and for an unknown one. */
  leftByRemote(key: string): Handle | undefined {
    if (this.#gone.delete(key)) return undefined
    const handle = this.#byKey.get(key)
    if (handle !== undefined) this.#forget(handle)
    return handle
  }

  /** The remote holds these handles, no others: drops those that it does not hold, and gives them. */
  keepOnly(held: ReadonlySet<string>): Handle[] {
    for (const key of held) if (!this.#byKey.has(key)) this.#ignore(key)
    const dropped = [...this.#byName.values()].filter(({ key }) => !held.has(key))
    for (const handle of dropped) {
      this.#forget(handle)
      this.#ignore(handle.key)
    }
    return dropped
  }

  #forget(handle: Handle): void {
    this.#byName.delete(handle.name)
    this.#byKey.delete(handle.key)
    this.#last = undefined
  }

  #ignore(key: string): void {
    this.#gone.add(key)
    if (this.#gone.size > MAX_GONE_HANDLES) this.#gone.delete(this.#gone.values().next().value!)
  }
}

/** A loop, because `every` calls a function for each byte of each frame. */
function beginsWith(body: Uint8Array, start: Uint8Array): boolean {
  for (let place = 0; place < start.length; place++) if (body[place] !== start[place]) return false
  return true
}
