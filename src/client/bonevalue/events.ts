// `on` and `off` for the events of BoneValue. Listeners get plain values.

/** Event → its listener. */
export interface BoneValueEvents<Peer, Failure, Stream> {
  /** Logged in; the id, the users and the peers are known. Also after each reconnection. */
  connect: () => void
  /** The rendezvous is lost, or the login was refused. */
  disconnect: () => void
  /** A peer has come, or is present at the login. */
  peerconnect: (peer: Peer) => void
  peerdisconnect: (peerId: string) => void
  /** A user is trusted, newly or at the login. */
  newuser: (alias: string) => void
  userremove: (alias: string) => void
  /** A peer has begun to send audio or video. */
  stream: (stream: Stream, peer: Peer) => void
  error: (error: Failure) => void
}

type Listener = (...values: never[]) => void

/** Runs code of the application. Its errors become errors of the page and stop nothing here. */
export function runSafely(task: () => unknown): void {
  try {
    const result = task()
    if (result instanceof Promise) result.catch(report)
  } catch (error) {
    report(error)
  }
}

/** Reports an error as uncaught, as if a listener of the platform had thrown it. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** Tells the developer of the page. */
export function warn(words: string): void {
  console.warn(`$BV: ${words}`) // oxlint-disable-line no-console -- for the developer
}

export class Listeners<Events> {
  readonly #listeners: Map<string, Set<Listener>>

  constructor(names: readonly (keyof Events & string)[]) {
    this.#listeners = new Map(names.map(name => [name, new Set()]))
  }

  add(name: string, listener: Listener): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined)
      return warn(`on() got an unknown event; known events are ${[...this.#listeners.keys()].join(', ')}.`)
    listeners.add(listener)
  }

  /** @param listener undefined for all */
  remove(name: string, listener: Listener | undefined): void {
    if (listener === undefined) this.#listeners.get(name)?.clear()
    else this.#listeners.get(name)?.delete(listener)
  }

  emit(name: keyof Events & string, ...values: unknown[]): void {
    for (const listener of [...this.#listeners.get(name)!]) runSafely(() => listener(...(values as never[])))
  }
}
