// Types for the modules of an application: what each gets and what it answers. They exist for the compiler only, so data of
// other pages must still be checked.
import type { BoneValue } from './bone-value.ts'
import type { ModuleContext } from './modules.ts'
import type { Peer, RequestOptions } from './peer.ts'
import type { Answer } from './target.ts'

/** Name → function from data to answer. */
type Signatures<Modules> = { [Name in keyof Modules]: (data: never) => unknown }
type DataOf<Signature> = Signature extends (data: infer Data) => unknown ? Data : never
type AnswerOf<Signature> = Signature extends (data: never) => infer Response ? Awaited<Response> : never

/** The typed calls. */
export interface TypedModules<Modules extends Signatures<Modules>> {
  /** Makes a module, which answers by what it returns. */
  module<Name extends keyof Modules & string>(
    name: Name,
    answer: (
      data: DataOf<Modules[Name]>,
      context: ModuleContext
    ) => AnswerOf<Modules[Name]> | Promise<AnswerOf<Modules[Name]>>
  ): void
  /** Asks the peers of a query, as `$BV.get(query).request`. */
  request<Name extends keyof Modules & string>(
    query: string | number,
    name: Name,
    data: DataOf<Modules[Name]>,
    options?: RequestOptions
  ): Promise<Answer<AnswerOf<Modules[Name]>>[]>
  /** Asks one peer, as `peer.request`. */
  ask<Name extends keyof Modules & string>(
    peer: Peer,
    name: Name,
    data: DataOf<Modules[Name]>,
    options?: RequestOptions
  ): Promise<AnswerOf<Modules[Name]>>
}

/** The calls of `bv` with the types of an application's modules. */
export function typedModules<Modules extends Signatures<Modules>>(bv: BoneValue): TypedModules<Modules> {
  return {
    module: (name, answer) => bv.module(name, (data, context: ModuleContext) => answer(data as never, context)),
    request: (query, name, data, options) => bv.get(query).request(name, data, options),
    ask: (peer, name, data, options) => peer.request(name, data, options)
  }
}
