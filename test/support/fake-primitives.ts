// Primitives for simulations of thousands of rounds: hashes and ciphers are real, randomness is seeded, and ristretto255
// and X25519 are replaced by a group without any secrecy that costs almost nothing. NOT CRYPTOGRAPHY; never leaves the tests.
import type { LinkPrimitives } from '../../src/core/link/primitives.ts'
import { primitives as real } from './link.ts'

/** Order of the fake group: the integers modulo 2^127 − 1 under addition, so that scalars commute as they should. */
const P = (1n << 127n) - 1n

function toInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return ((view.getBigUint64(0) << 64n) | view.getBigUint64(8)) % P
}

function toElement(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, value >> 64n)
  view.setBigUint64(8, value & 0xffff_ffff_ffff_ffffn)
  return bytes
}

function isElement(bytes: Uint8Array): boolean {
  return bytes.subarray(16).every(byte => byte === 0) && toInteger(bytes) !== 0n
}

function multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array | undefined {
  if (!isElement(element)) return undefined
  const product = (toInteger(scalar) * toInteger(element)) % P
  return product === 0n ? undefined : toElement(product)
}

/** @param random numbers in [0, 1) */
export function fakePrimitives(random: () => number): LinkPrimitives {
  return {
    ...real,
    randomBytes: count => {
      const bytes = new Uint8Array(count)
      for (let i = 0; i < count;) {
        let four = random() * 2 ** 32
        for (const end = Math.min(count, i + 4); i < end; i++) {
          bytes[i] = four
          four /= 256
        }
      }
      return bytes
    },
    x25519KeyPair: secretKey => ({
      secretKey: secretKey.slice(),
      publicKey: multiply(secretKey, toElement(1n)) ?? toElement(1n)
    }),
    x25519: multiply,
    fromHash: hash => toElement(toInteger(hash) || 1n),
    scalarMult: multiply,
    scalarMultBase: scalar => multiply(scalar, toElement(1n)),
    isValidElement: isElement
  }
}
