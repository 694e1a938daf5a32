// BoneValue as a module for browsers and bundlers: `$BV`, and its class for other options or several instances. global.ts is
// the classic script.
import { BoneValue } from './bone-value.ts'
import { typedModules, type TypedModules } from './define-modules.ts'

export { BoneValue } from './bone-value.ts'
export type { SessionInfo } from './account-calls.ts'
export type { BoneValueOptions, LoginOptions, SessionStorage } from './options.ts'
export type { TypedModules } from './define-modules.ts'
export { BoneValueError, boneValueErrors } from './errors.ts'
export type { BoneValueErrorCode, Failure } from './errors.ts'
export type { BoneValueEvents } from './events.ts'
export type { CallbackModule, Module, ModuleContext, ModuleRequest } from './modules.ts'
export type { Peer, RequestOptions } from './peer.ts'
export type { WebSocketClass } from './rendezvous.ts'
export type { Room, RoomEvents } from './rooms.ts'
export type { Answer, ResponseCallback, Target } from './target.ts'

/** The instance of this page. */
export const $BV: BoneValue = new BoneValue()

/**
 * `module` and `request` with the types of an application's modules: `defineModules<{ Echo: (text: string) => string }>()`.
 *
 * @param bv Default: `$BV`
 */
export function defineModules<Modules extends { [Name in keyof Modules]: (data: never) => unknown }>(
  bv: BoneValue = $BV
): TypedModules<Modules> {
  return typedModules(bv)
}
