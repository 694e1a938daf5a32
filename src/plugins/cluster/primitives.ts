// The cryptography of the cluster's wire: the primitives of links, and HChaCha20 of libsodium.
import sodium from 'libsodium-wrappers-sumo'
import type { ClusterPrimitives } from '../../core/cluster/primitives.ts'
import { NwsError } from '../../core/errors.ts'
import type { LinkPrimitives } from '../../core/link/primitives.ts'

/** @param link of `app.crypto`, which has made libsodium ready */
export function createClusterPrimitives(link: LinkPrimitives): ClusterPrimitives {
  return {
    hmacSha512: link.hmacSha512,
    aeadSeal: link.aeadSeal,
    aeadOpen: link.aeadOpen,
    randomBytes: link.randomBytes,
    hchacha20(key, input) {
      if (key.length !== 32 || input.length !== 16)
        throw new NwsError('NWS_ERR_INTERNAL', 'A cryptographic function was given bytes of a wrong type or length.')
      return sodium.crypto_core_hchacha20(input, key, null)
    }
  }
}
