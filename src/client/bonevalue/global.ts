// BoneValue as a classic script: it defines `$BV` on the global object.
import { BoneValue } from './bone-value.ts'

declare global {
  var $BV: BoneValue
}

Object.defineProperty(globalThis, '$BV', { value: new BoneValue(), configurable: true, writable: true })
