// The form of NWS_CLUSTER_SECRET: secrets in base64, or files that hold them. realm.ts derives keys from them.
import { MAX_SECRETS, MIN_SECRET_BYTES } from './constants.ts'

const FILE_PREFIX = 'file:'

/** An entry of the setting: the secret itself, or its file. */
export type SecretEntry =
  | { readonly kind: 'secret'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }

/**
 * The bytes of a secret in base64 (RFC 4648 §4 or §5, with padding); `undefined` for other text and for fewer than 32
 * bytes.
 */
export function decodeSecret(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  const canonical = bytes.toString('base64')
  // One secret has one spelling, so that a cut or mistyped one is found.
  if (canonical !== text.replaceAll('-', '+').replaceAll('_', '/') || bytes.length < MIN_SECRET_BYTES) return undefined
  return new Uint8Array(bytes)
}

/** Reads one entry. A valid secret is never a path; `file:` always begins one. */
export function readEntry(entry: string): SecretEntry {
  if (entry.startsWith(FILE_PREFIX)) return { kind: 'file', path: entry.slice(FILE_PREFIX.length) }
  const bytes = decodeSecret(entry)
  return bytes === undefined ? { kind: 'file', path: entry } : { kind: 'secret', bytes }
}

/** The secrets in a file, one per line; `undefined` if a line is not a secret, or for none or too many. */
export function readSecretFile(text: string): Uint8Array[] | undefined {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const secrets = lines.map(decodeSecret)
  if (secrets.length === 0 || secrets.length > MAX_SECRETS || secrets.includes(undefined)) return undefined
  return secrets as Uint8Array[]
}
