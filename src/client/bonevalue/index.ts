// BoneValue as a module for browsers and bundlers: `$BV`, and its class for those who need several or other options. Not
// the classic script (global.ts).
import { BoneValue } from './bone-value.ts'

export { BoneValue } from './bone-value.ts'
export type { BoneValueOptions, ModuleRequest, ResponseCallback, Target } from './bone-value.ts'
export type { Peer } from './directory.ts'
export { BoneValueError, boneValueErrors } from './errors.ts'
export type { BoneValueErrorCode, Failure } from './errors.ts'
export type { BoneValueEvents } from './events.ts'
export type { WebSocketClass } from './rendezvous.ts'

/** The one of this page. */
export const $BV: BoneValue = new BoneValue()
