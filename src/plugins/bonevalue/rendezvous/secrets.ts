// The secrets of tokens, links and sessions, and their hashes for the store.
import { createHash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 16

/** 128 random bits as text. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** A plain hash is enough, because secrets are random. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
