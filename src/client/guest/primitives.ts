// The cryptography of guests in JavaScript: a page that came over plain http has no WebCrypto.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import type { NoisePrimitives } from '../../core/link/primitives.ts'

/** The result; undefined if bytes of the other side make the function throw. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

export const primitives: NoisePrimitives = {
  sha512,
  hmacSha512: (key, message) => hmac(sha512, key, message),
  x25519KeyPair: secretKey => ({ secretKey: secretKey.slice(), publicKey: x25519.getPublicKey(secretKey) }),
  x25519: (secretKey, publicKey) => attempt(() => x25519.getSharedSecret(secretKey, publicKey)),
  aeadSeal: (key, nonce, ad, plaintext) => chacha20poly1305(key, nonce, ad).encrypt(plaintext),
  aeadOpen: (key, nonce, ad, ciphertext) => attempt(() => chacha20poly1305(key, nonce, ad).decrypt(ciphertext)),
  randomBytes: count => crypto.getRandomValues(new Uint8Array(count))
}
