// Events as the providers of Yjs have them: `on`, `once`, `off` and `emit` with any arguments.

/** Names of events, with the arguments of their listeners. */
export type EventMap = Record<string, readonly unknown[]>

type Listener<Arguments extends readonly unknown[]> = (...args: Arguments) => unknown

export class Emitter<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Set<Listener<readonly never[]>>>()

  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): Listener<Events[Name]> {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return listener
  }

  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): void {
    const first = (...args: Events[Name]): void => {
      this.off(name, first)
      listener(...args)
    }
    this.on(name, first)
  }

  off<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.get(name)?.delete(listener)
  }

  emit<Name extends keyof Events & string>(name: Name, args: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      (listener as unknown as Listener<Events[Name]>)(...args)
  }

  destroy(): void {
    this.#listeners.clear()
  }
}
