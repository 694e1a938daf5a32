// The primitive functions that the cluster's wire is built from, as one interface to be injected. Not an implementation
// (plugins/cluster/primitives.ts).
import type { LinkPrimitives } from '../link/primitives.ts'

/** Every cryptographic function of the cluster. Arguments are neither kept nor changed; results are fresh. */
export interface ClusterPrimitives extends Pick<
  LinkPrimitives,
  'hmacSha512' | 'aeadSeal' | 'aeadOpen' | 'randomBytes'
> {
  /**
   * HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2): the 32 bytes that XChaCha20 uses as its key once the first 16 bytes of
   * the nonce are known. One sender's nonces share those, so that this is computed once per sender and epoch, and each
   * batch costs no more than ChaCha20-Poly1305.
   *
   * @param key 32 bytes
   * @param input 16 bytes
   */
  readonly hchacha20: (key: Uint8Array, input: Uint8Array) => Uint8Array
}
