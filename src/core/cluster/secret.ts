// What NWS_CLUSTER_SECRET holds: secrets in base64, or names of files that hold them. Not the reading of those files,
// and no derivation of keys (realm.ts).
import { MAX_SECRETS, MIN_SECRET_BYTES } from './constants.ts'

const FILE_PREFIX = 'file:'

/** An entry of the setting: the secret itself, or where it is. */
export type SecretEntry =
  | { readonly kind: 'secret'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }

/**
 * The bytes of a secret in base64 (RFC 4648 §4 or §5, padded where the length asks for it); `undefined` where it is
 * none or has fewer than 32 bytes.
 */
export function decodeSecret(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  const canonical = bytes.toString('base64')
  // One secret has one spelling, so that a cut or mistyped one is seen.
  if (canonical !== text.replaceAll('-', '+').replaceAll('_', '/') || bytes.length < MIN_SECRET_BYTES) return undefined
  return new Uint8Array(bytes)
}

/** What one entry means. What is a secret as it stands is never taken for a path; `file:` always begins one. */
export function readEntry(entry: string): SecretEntry {
  if (entry.startsWith(FILE_PREFIX)) return { kind: 'file', path: entry.slice(FILE_PREFIX.length) }
  const bytes = decodeSecret(entry)
  return bytes === undefined ? { kind: 'file', path: entry } : { kind: 'secret', bytes }
}

/** The secrets in a file, one a line; `undefined` where a line is none, or there are none or too many. */
export function readSecretFile(text: string): Uint8Array[] | undefined {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const secrets = lines.map(decodeSecret)
  if (secrets.length === 0 || secrets.length > MAX_SECRETS || secrets.includes(undefined)) return undefined
  return secrets as Uint8Array[]
}
