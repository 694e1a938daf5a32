// The cryptography of the cluster's wire, as an interface. plugins/cluster/primitives.ts implements it.
import type { LinkPrimitives } from '../link/primitives.ts'

/** Every cryptographic function of the cluster. Arguments are neither kept nor changed; results are fresh. */
export interface ClusterPrimitives extends Pick<
  LinkPrimitives,
  'hmacSha512' | 'aeadSeal' | 'aeadOpen' | 'randomBytes'
> {
  /**
   * HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2): the subkey of XChaCha20 for the first 16 bytes of the nonce. All nonces
   * of one sender share those, so it is computed once per sender and epoch, and a batch costs as much as
   * ChaCha20-Poly1305.
   *
   * @param key 32 bytes
   * @param input 16 bytes
   */
  readonly hchacha20: (key: Uint8Array, input: Uint8Array) => Uint8Array
}
