// The control messages of the second generation: `{"Action":…,"Source":n,"Target":n,"Payload":…}`, with peers as bare
// numbers (peer-numbers.ts). A server always writes all four members. Frames of the data socket are raw (raw-text.ts).
import { findMembers, stringAt, type MemberAt } from '../envelope.ts'
import { canonicalNumber } from './peer-numbers.ts'

/** The only request on a control socket: a direct message. */
export interface ControlRequest {
  /** Number of the peer, canonical. */
  readonly target: string
  /** The JSON text of the payload; `""` if it has none. */
  readonly data: Buffer
}

const EMPTY_STRING = Buffer.from('""')
const DIGITS = /^\d{1,19}$/

/** Keys count in any case, as in the server of that time. For one week clients called the payload `data`. */
const memberAt: MemberAt = (bytes, start, end) => {
  switch (stringAt(bytes, start, end)?.toLowerCase()) {
    case 'action':
      return 'action'
    case 'target':
      return 'target'
    case 'payload':
    case 'data':
      return 'data'
    default:
      return undefined
  }
}

/** Reads a control message; total. undefined: it is not a valid request, and gets no answer. */
export function decodeControl(bytes: Buffer, maxDepth: number): ControlRequest | undefined {
  const found = findMembers(bytes, maxDepth, memberAt)
  if (typeof found === 'string' || found.targetEnd === 0) return undefined
  if (found.actionEnd === 0 || stringAt(bytes, found.actionStart, found.actionEnd) !== 'message') return undefined
  // The digits as text: JavaScript would round numbers beyond 2^53.
  const target =
    stringAt(bytes, found.targetStart, found.targetEnd) ?? bytes.toString('latin1', found.targetStart, found.targetEnd)
  if (!DIGITS.test(target)) return undefined
  return {
    target: canonicalNumber(target),
    data: found.dataEnd === 0 ? EMPTY_STRING : bytes.subarray(found.dataStart, found.dataEnd)
  }
}

/** Text that tells `you` that `other` came or went; both are numbers. */
export function controlPresenceText(action: 'connect' | 'disconnect', you: string, other: string): string {
  return `{"Action":"${action}","Source":${you},"Target":${other},"Payload":""}`
}

/** Text of a direct message up to its payload; the JSON text of the payload and `}` follow. */
export function controlMessageHead(source: string, you: string): string {
  return `{"Action":"message","Source":${source},"Target":${you},"Payload":`
}
