// `on` and `off` for the events of BoneValue. Not an EventTarget: listeners get plain values, as in the seed.

/** Event → what its listeners get. */
export interface BoneValueEvents<Peer, Failure> {
  /** Logged in; `getId()` is known. Again after each reconnection. */
  connect: () => void
  /** The rendezvous is gone, or the login was refused. */
  disconnect: () => void
  /** A peer has come, or was there already. */
  peerconnect: (peer: Peer) => void
  peerdisconnect: (peerId: string) => void
  /** A user is trusted, newly or already. */
  newuser: (alias: string) => void
  /** A user is trusted no more. */
  userremove: (alias: string) => void
  error: (error: Failure) => void
}

type Listener = (...values: never[]) => void

/** Runs a function of the application. Its error is reported to the page and stops nothing here. */
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

/** Says something to the developer of the page. */
export function warn(words: string): void {
  console.warn(`$BV: ${words}`) // oxlint-disable-line no-console -- there is no other way to tell
}

/** Listeners by event. */
export class Listeners<Events> {
  readonly #listeners: Map<string, Set<Listener>>

  constructor(names: readonly (keyof Events & string)[]) {
    this.#listeners = new Map(names.map(name => [name, new Set()]))
  }

  add(name: string, listener: Listener): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined)
      return warn(`there is no event of the name given to on(); there are ${[...this.#listeners.keys()].join(', ')}.`)
    listeners.add(listener)
  }

  /** @param listener undefined: all */
  remove(name: string, listener: Listener | undefined): void {
    if (listener === undefined) this.#listeners.get(name)?.clear()
    else this.#listeners.get(name)?.delete(listener)
  }

  emit(name: keyof Events & string, ...values: unknown[]): void {
    for (const listener of [...this.#listeners.get(name)!]) runSafely(() => listener(...(values as never[])))
  }
}
