// HELLO, the first frame each way: layout. Not what its numbers mean for a session (session/session.ts), nor the order in
// which it comes (record-stream.ts).
//
//   features(4)=0 | mine(8) | yours(8) | received(8) | generation(4) | port(2)      34 bytes; a reader ignores more
import { concat, isZero, readU16, readU32, readU64, u16, u32, u64 } from '../../bytes.ts'
import { done, fault, type Result } from '../result.ts'

export const NONCE_BYTES = 8

/** The words of an end about the session when a link begins. */
export interface Greeting {
  /** 8 random bytes: this end's name for the session. */
  readonly mine: Uint8Array
  /** The other end's name for it; zero if it is not known. */
  readonly yours: Uint8Array
  /** Session frames taken so far. */
  readonly received: number
  /** The highest generation that this end has seen open with that id, and one. */
  readonly generation: number
  /** The TCP port on which this end listens; 0 for none. */
  readonly port: number
}

/** The body of a HELLO. Features: no bit has a meaning yet. */
export function writeHello({ mine, yours, received, generation, port }: Greeting): Uint8Array {
  return concat(u32(0), mine, yours, u64(received), u32(generation), u16(port))
}

/** Reads a HELLO of 34 bytes or more. */
export function readHello(body: Uint8Array): Result<Greeting> {
  const received = readU64(body, 20)
  if (received === undefined) return fault(1002, 'HELLO counts too far')
  const mine = body.slice(4, 12)
  if (isZero(mine)) return fault(1002, 'HELLO names no session')
  return done({
    mine,
    yours: body.slice(12, 20),
    received,
    generation: readU32(body, 28),
    port: readU16(body, 32)
  })
}
