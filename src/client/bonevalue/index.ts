// BoneValue as a module for browsers and bundlers: `$BV`, and its class for other options or several instances. global.ts is
// the classic script.
import { BoneValue } from './bone-value.ts'

export { BoneValue } from './bone-value.ts'
export type { BoneValueOptions, ModuleRequest, ResponseCallback, Target } from './bone-value.ts'
export type { Peer } from './directory.ts'
export { BoneValueError, boneValueErrors } from './errors.ts'
export type { BoneValueErrorCode, Failure } from './errors.ts'
export type { BoneValueEvents } from './events.ts'
export type { WebSocketClass } from './rendezvous.ts'

/** The instance of this page. */
export const $BV: BoneValue = new BoneValue()
