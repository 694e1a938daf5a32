// The control messages of the second generation: `{"Action":…,"Source":n,"Target":n,"Payload":…}` with peers as bare
// numbers, of which a server always writes all four. Not the numbers themselves (peer-numbers.ts), not the data socket,
// whose frames are raw.
import { findMembers, stringAt, type MemberAt } from '../envelope.ts'
import { canonicalNumber } from './peer-numbers.ts'

/** What a client asks for on its control socket: a direct message, which is all that it can ask for. */
export interface ControlRequest {
  /** Number of the peer, canonical. */
  readonly target: string
  /** The JSON text of the payload; `""` where there is none. */
  readonly data: Buffer
}

const EMPTY_STRING = Buffer.from('""')
const DIGITS = /^\d{1,19}$/

/** Keys count in any case, as in the server of that time; `data` is what the clients of one week called the payload. */
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

/** Reads a control message; total. undefined: it asks for nothing that can be done, and that is not answered. */
export function decodeControl(bytes: Buffer, maxDepth: number): ControlRequest | undefined {
  const found = findMembers(bytes, maxDepth, memberAt)
  if (typeof found === 'string' || found.targetEnd === 0) return undefined
  if (found.actionEnd === 0 || stringAt(bytes, found.actionStart, found.actionEnd) !== 'message') return undefined
  // The digits themselves: a number of JavaScript would change those beyond 2^53.
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

/** Text of a direct message up to its payload; the payload's JSON text and `}` follow. */
export function controlMessageHead(source: string, you: string): string {
  return `{"Action":"message","Source":${source},"Target":${you},"Payload":`
}
