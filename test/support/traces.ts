// Looks for traces of a secret in recorded bytes: the text itself, its usual encodings wherever they begin in a longer
// text, and plain hashes of it. Not proof that nothing leaks; keyed hashes and encryption are not seen through.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { base32 } from '../../src/core/bytes.ts'

const HASHES = ['md5', 'sha1', 'sha256', 'sha512', 'sha3-256', 'blake2b512', 'blake2s256', 'ripemd160'] as const
/** Enough of a hash to be no accident, and found also if a hash was cut. */
const HASH_BYTES = 8

/** Ways to write bytes as text, and how many bytes make a group of whole characters. */
const ENCODINGS: readonly (readonly [name: string, group: number, encode: (bytes: Buffer) => string])[] = [
  ['hex', 1, bytes => bytes.toString('hex')],
  ['base32', 5, bytes => base32(bytes)],
  ['base64', 3, bytes => bytes.toString('base64').replace(/=+$/, '')],
  ['base64url', 3, bytes => bytes.toString('base64url')]
]

/** The characters that bytes have in an encoding whatever stands before and after them, for each way they may be aligned. */
function encoded(bytes: Buffer, group: number, encode: (bytes: Buffer) => string): string[] {
  return Array.from({ length: group }, (_, shift) => {
    const padding = (shift + bytes.length) % group === 0 ? 0 : group - ((shift + bytes.length) % group)
    const text = encode(Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(padding)]))
    const perByte = text.length / (shift + bytes.length + padding)
    return text.slice(Math.ceil(shift * perByte), Math.floor((shift + bytes.length) * perByte))
  })
}

/** All texts and bytes that would give the secret away, each with its description. */
export function formsOf(secret: string): { readonly what: string; readonly bytes: Buffer }[] {
  const plain = Buffer.from(secret)
  const raw = [{ what: 'text', bytes: plain }]
  for (const name of HASHES)
    raw.push({ what: name, bytes: createHash(name).update(plain).digest().subarray(0, HASH_BYTES) })
  raw.push(
    { what: 'text backwards', bytes: Buffer.from(plain).reverse() },
    { what: 'UTF-16', bytes: Buffer.from(secret, 'utf16le') }
  )
  return raw.flatMap(({ what, bytes }) => [
    { what, bytes },
    ...ENCODINGS.flatMap(([name, group, encode]) =>
      encoded(bytes, group, encode).map((text, shift) => ({
        what: `${what} in ${name}, ${shift}`,
        bytes: Buffer.from(text)
      }))
    )
  ])
}

/** What of the secret stands in the bytes, in either case of letters. */
export function tracesOf(secret: string, bytes: Buffer): string[] {
  const lower = Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1')
  return formsOf(secret)
    .filter(
      form => bytes.includes(form.bytes) || lower.includes(form.bytes.toString('latin1').toLowerCase(), 0, 'latin1')
    )
    .map(({ what }) => what)
}

/** Whether a text holds the name of this machine as a word of its own; a short one is inside random ids by chance. */
export function namesHost(text: string): boolean {
  return new RegExp(`(?<![a-z0-9])${hostname().replaceAll('.', '\\.')}(?![a-z0-9])`, 'i').test(text)
}
