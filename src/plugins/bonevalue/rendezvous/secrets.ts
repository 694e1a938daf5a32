// The secrets of tokens, links and sessions, and their hashes for the store.
import { createHash, randomBytes } from 'node:crypto'
import { MAX_PEER_ID } from '../../../core/bonevalue/wire.ts'

const SECRET_BYTES = 16

/** 128 random bits as text. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** A plain hash is enough, because secrets are random. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * The id of a page within its session: the same whenever it comes back, and only a client with the session can have it.
 *
 * @param page random text of the page
 */
export function peerIdOf(session: string, page: string): number {
  const bits = createHash('sha256').update(`peer ${session} ${page}`).digest().readBigUInt64BE()
  return Number(bits % BigInt(MAX_PEER_ID)) + 1
}
