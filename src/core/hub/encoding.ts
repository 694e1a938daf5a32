// The seam between a channel and the forms in which peers hear its broadcasts. Not the forms themselves.
import type { Payload } from './payload.ts'
import type { Peer } from './peer.ts'

/**
 * One form of a broadcast on the wire. Implementations MUST be stateless: one object stands for the form everywhere,
 * and channels group peers by it.
 */
export interface Encoding {
  /** For logs and tests. */
  readonly name: string
  /** The whole bytes of a broadcast, written as they are to every peer of this form. MUST NOT throw. */
  broadcast(source: Peer, payload: Payload): Buffer
  /** The encoding whose bytes for JSON payloads are the same, so that mixed groups encode those once. */
  readonly sameText?: Encoding
}
