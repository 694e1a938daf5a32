// The modules of a page, which answer the requests of other pages.
import type { Reply } from './conversation.ts'
import { BoneValueError, isBoneValueErrorCode } from './errors.ts'
import { report, warn } from './events.ts'
import type { Peer } from './peer.ts'

/** A request in the form with a callback. */
export interface ModuleRequest {
  readonly request: any // oxlint-disable-line typescript/no-explicit-any -- sent by the other page: the module must check it
  /** The same as `request`. */
  readonly data: any // oxlint-disable-line typescript/no-explicit-any -- as above
  /** Answers once. */
  readonly callback: (response?: unknown) => void
  /** The id of the asking peer. */
  readonly peer: string
  /** The alias of that peer's user. */
  readonly name: string
  /** Aborts when the peer does not wait any more. */
  readonly signal: AbortSignal
}

/** Who asks, and how long they wait. */
export interface ModuleContext {
  readonly peer: Peer
  /** Aborts when the peer does not wait any more. */
  readonly signal: AbortSignal
}

/** Answers by what it returns. It has two parameters, which tells it from the form with a callback. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type Module = (data: any, context: ModuleContext) => unknown
/** Answers by its callback, or by what it returns if it has not read `callback` by then. */
export type CallbackModule = (request: ModuleRequest) => unknown

export class Modules {
  readonly #modules = new Map<string, Module | CallbackModule>()

  set(name: string, module: Module | CallbackModule): void {
    if (this.#modules.has(name)) warn('a module of this name exists already: the new one replaces it.')
    this.#modules.set(name, module)
  }

  answer(peer: Peer, name: string, data: unknown, signal: AbortSignal, reply: Reply): void {
    const module = this.#modules.get(name)
    if (module === undefined) return reply({ code: 'NO_MODULE' })
    const fail = (error: unknown): void => {
      if (error instanceof BoneValueError && isBoneValueErrorCode(error.code)) return reply({ code: error.code })
      reply({ code: 'MODULE_FAILED' })
      if (!signal.aborted) report(error)
    }
    let usesCallback = false
    const request: ModuleRequest = {
      request: data,
      data,
      peer: peer.id,
      name: peer.name,
      signal,
      get callback() {
        usesCallback = true
        return (response?: unknown) => reply({ response })
      }
    }
    const isCallbackForm = module.length < 2
    const settle = (response: unknown): void => {
      if (!isCallbackForm || (!usesCallback && response !== undefined)) reply({ response })
    }
    try {
      const result = isCallbackForm ? (module as CallbackModule)(request) : (module as Module)(data, { peer, signal })
      if (result instanceof Promise) result.then(settle, fail)
      else settle(result)
    } catch (error) {
      fail(error)
    }
  }
}
