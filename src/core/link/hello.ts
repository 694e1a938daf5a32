// HELLO, the first frame each way: layout and checks. Not the order in which it comes (record-stream.ts).
//
//   id(16) | ver_max(1)=2 | features(4)=0 | rx_max(4)
import { compare, concat, isZero, readU32, u32, u8 } from '../bytes.ts'
import { RX_MAX, VERSION } from './constants.ts'
import { linkFault, type LinkResult } from './link-fault.ts'

/** What a HELLO says, once it is found good. */
export interface Hello {
  /** The 25 bytes as they came. */
  readonly body: Uint8Array
  /** A claim. */
  readonly id: Uint8Array
  readonly verMax: number
}

/** The body of this proxy's HELLO. */
export function writeHello(ownId: Uint8Array): Uint8Array {
  return concat(ownId, u8(VERSION), u32(0), u32(RX_MAX))
}

/**
 * Reads a HELLO of 25 bytes.
 * @param expectedId the id that it must carry; `undefined` where any will do
 */
export function readHello(body: Uint8Array, ownId: Uint8Array, expectedId: Uint8Array | undefined): LinkResult<Hello> {
  const id = body.slice(0, 16)
  if (isZero(id)) return linkFault(1002, 'HELLO comes from no id')
  if (compare(id, ownId) === 0) return linkFault(1002, 'HELLO comes from this proxy')
  if (expectedId !== undefined && compare(id, expectedId) !== 0)
    return linkFault(1002, 'HELLO comes from another id than expected')
  const verMax = body[16]!
  if (verMax < VERSION) return linkFault(1002, 'HELLO speaks only an older version')
  // Unknown features (bytes 17 to 20) are ignored; an rx_max above RX_MAX counts as RX_MAX.
  if (readU32(body, 21) < RX_MAX) return linkFault(1002, 'HELLO takes only short messages')
  return { ok: true, value: { body: body.slice(), id, verMax } }
}
