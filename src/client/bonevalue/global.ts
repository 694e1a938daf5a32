// BoneValue as a classic script: defines `$BV` on the global object. Exports nothing.
import { BoneValue } from './bone-value.ts'

declare global {
  var $BV: BoneValue
}

Object.defineProperty(globalThis, '$BV', { value: new BoneValue(), configurable: true, writable: true })
