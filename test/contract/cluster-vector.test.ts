// The code computes docs/vectors/nws-cluster.json, and libsodium alone opens its batches.
import sodium from 'libsodium-wrappers-sumo'
import t from 'tap'
import { framesOf } from '../../src/core/cluster/frames.ts'
import { computeClusterExample, readExample } from '../support/cluster-example.ts'
import { clusterPrimitives } from '../support/cluster.ts'
import { unhex, vectors } from '../support/link.ts'

const example = vectors('nws-cluster.json') as ReturnType<typeof computeClusterExample>

t.test('the example is what the code computes', async t => {
  t.strictSame(example, computeClusterExample())
})

t.test('its batches open with nothing but the page and libsodium', async t => {
  const { secret, epoch, session, batches } = example
  const key = clusterPrimitives
    .hmacSha512(
      unhex(secret),
      Buffer.concat([Buffer.from('nws cluster key\0'), Buffer.from([0, 0, epoch >> 8, epoch & 255])])
    )
    .subarray(0, 32)
  t.equal(batches.length, 5)
  for (const { what, subject, number, plaintext, batch } of batches) {
    const bytes = unhex(batch)
    t.strictSame(bytes.subarray(5, 29), unhex(session + number.toString(16).padStart(16, '0')), what)
    const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      bytes.subarray(29),
      Buffer.concat([bytes.subarray(0, 29), Buffer.from(subject)]),
      bytes.subarray(5, 29),
      key
    )
    t.strictSame(opened, unhex(plaintext))
    t.notOk(readExample(framesOf(opened)).includes(undefined), `${what} is read`)
  }
})
