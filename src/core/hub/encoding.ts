// The seam between a channel and the wire formats of its broadcasts.
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'

/**
 * One wire format of broadcasts. Implementations MUST be stateless: channels group peers by this object.
 */
export interface Encoding {
  /** For logs and tests. */
  readonly name: string
  /** All bytes of a broadcast, the same for every peer of this format. MUST NOT throw. */
  broadcast(source: Peer, payload: Payload): Buffer
  /** Another encoding that gives the same bytes for JSON payloads, so that a channel with both encodes them once. */
  readonly sameText?: Encoding
}
