// The primitives of the link protocol on libsodium (WebAssembly) and node:crypto. All lengths are checked here, because
// libsodium.js checks only some of them and accepts strings as bytes.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  randomFillSync,
  timingSafeEqual,
  type CipherChaCha20Poly1305Types
} from 'node:crypto'
import type sodiumType from 'libsodium-wrappers-sumo'
import { NwsError } from '../../core/errors.ts'
import type { LinkPrimitives } from '../../core/link/primitives.ts'

type Sodium = typeof sodiumType

/** Bytes from which on the AEAD of node:crypto is faster. Below, the call of OpenSSL costs more than it saves. */
export const NATIVE_AEAD_FROM = 3072

/**
 * Bytes from which on node:crypto hashes. It is faster at every length, but its hash objects hold memory outside of V8's
 * heap: to free thousands of them after a round makes pauses of tens of milliseconds.
 */
const NATIVE_HASH_FROM = 1024

const RANDOM_POOL_BYTES = 8192
const LONGEST_POOLED_BYTES = 256

const TAG_BYTES = 16
const ALGORITHM: CipherChaCha20Poly1305Types = 'chacha20-poly1305'

/** Throws for arguments that only an error in this program can cause. */
function check(bytes: Uint8Array, length?: number): void {
  if (!(bytes instanceof Uint8Array) || (length !== undefined && bytes.length !== length)) {
    throw new NwsError('NWS_ERR_INTERNAL', 'A cryptographic function was given bytes of a wrong type or length.')
  }
}

/** The same bytes as a plain Uint8Array, because Buffer's slice() shares memory and its toString() shows content. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Returns `undefined` instead of an exception of libsodium.js, which prints its whole source if uncaught. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/**
 * The AEAD of node:crypto, for long records. Its bytes are the same as libsodium's.
 * @see LinkPrimitives.aeadSeal
 */
export function nativeSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(ad, { plaintextLength: plaintext.length })
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
  sealed.set(cipher.update(plaintext))
  cipher.final()
  sealed.set(cipher.getAuthTag(), plaintext.length)
  return sealed
}

/** The reverse of nativeSeal; `undefined` if the tag is wrong. */
export function nativeOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  ciphertext: Uint8Array
): Uint8Array | undefined {
  if (ciphertext.length < TAG_BYTES) return undefined
  const end = ciphertext.length - TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(ad, { plaintextLength: end })
  decipher.setAuthTag(ciphertext.subarray(end))
  const plaintext = decipher.update(ciphertext.subarray(0, end))
  return attempt(() => {
    decipher.final()
    return plain(plaintext)
  })
}

/** The AEAD of libsodium, for short records. */
export function sodiumAead(sodium: Sodium): Pick<LinkPrimitives, 'aeadSeal' | 'aeadOpen'> {
  return {
    aeadSeal: (key, nonce, ad, plaintext) =>
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, ad, null, nonce, key),
    aeadOpen: (key, nonce, ad, ciphertext) =>
      ciphertext.length < TAG_BYTES
        ? undefined
        : attempt(() => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, ciphertext, ad, nonce, key))
  }
}

/** Random bytes. Short ones come from a pool, which is erased behind them: a call of the source costs as much as 20 of them. */
function createRandomBytes(): (count: number) => Uint8Array {
  const pool = new Uint8Array(RANDOM_POOL_BYTES)
  let used = pool.length
  return count => {
    if (count > LONGEST_POOLED_BYTES) return plain(randomBytes(count))
    if (used + count > pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + count)
    pool.fill(0, used, used + count)
    used += count
    return bytes
  }
}

/** The primitives of the link protocol. `sodium` must be ready. */
export function createLinkPrimitives(sodium: Sodium): LinkPrimitives {
  const short = sodiumAead(sodium)
  return {
    sha512(message) {
      check(message)
      return message.length < NATIVE_HASH_FROM
        ? sodium.crypto_hash_sha512(message)
        : plain(createHash('sha512').update(message).digest())
    },
    hmacSha512(key, message) {
      check(key)
      check(message)
      // The one-shot function takes keys of 32 bytes only; final frees the state.
      const state = sodium.crypto_auth_hmacsha512_init(key)
      sodium.crypto_auth_hmacsha512_update(state, message)
      return sodium.crypto_auth_hmacsha512_final(state)
    },

    x25519KeyPair(secretKey) {
      check(secretKey, 32)
      return { secretKey: secretKey.slice(), publicKey: sodium.crypto_scalarmult_base(secretKey) }
    },
    x25519(secretKey, publicKey) {
      check(secretKey, 32)
      check(publicKey, 32)
      return attempt(() => sodium.crypto_scalarmult(secretKey, publicKey))
    },

    aeadSeal(key, nonce, ad, plaintext) {
      check(key, 32)
      check(nonce, 12)
      check(ad)
      check(plaintext)
      return plaintext.length < NATIVE_AEAD_FROM
        ? short.aeadSeal(key, nonce, ad, plaintext)
        : nativeSeal(key, nonce, ad, plaintext)
    },
    aeadOpen(key, nonce, ad, ciphertext) {
      check(key, 32)
      check(nonce, 12)
      check(ad)
      check(ciphertext)
      return ciphertext.length < NATIVE_AEAD_FROM
        ? short.aeadOpen(key, nonce, ad, ciphertext)
        : nativeOpen(key, nonce, ad, ciphertext)
    },

    fromHash(hash) {
      check(hash, 64)
      return sodium.crypto_core_ristretto255_from_hash(hash)
    },
    scalarMult(scalar, element) {
      check(scalar, 32)
      check(element, 32)
      return attempt(() => sodium.crypto_scalarmult_ristretto255(scalar, element))
    },
    scalarMultBase(scalar) {
      check(scalar, 32)
      return attempt(() => sodium.crypto_scalarmult_ristretto255_base(scalar))
    },
    isValidElement(element) {
      check(element, 32)
      // libsodium calls the identity (32 zero bytes) valid.
      return element.some(byte => byte !== 0) && sodium.crypto_core_ristretto255_is_valid_point(element)
    },

    equal(a, b) {
      check(a)
      check(b)
      return a.length === b.length && timingSafeEqual(a, b)
    },
    randomBytes: createRandomBytes()
  }
}
