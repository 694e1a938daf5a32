// The worked example of the cluster's wire: computes docs/vectors/nws-cluster.json from fixed values. Not a test.
import { decodeFrame, encodeBatch, encodeFrame, type Frame } from '../../src/core/cluster/frames.ts'
import { Realm } from '../../src/core/cluster/realm.ts'
import { sealBatch } from '../../src/core/cluster/sealed-batch.ts'
import { encodePeerMessageHead } from '../../src/core/link/wire/channel-message.ts'
import { clusterPrimitives } from './cluster.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const counted = (length: number, first: number) => new Uint8Array(length).map((_, i) => first + i)

/** The example as it stands in the file. */
export function computeClusterExample() {
  const secret = counted(32, 0)
  const session = counted(16, 0x40)
  const proxy = counted(16, 0x60)
  const challenge = counted(16, 0x80)
  const epoch = 20_000
  const realm = new Realm(secret, clusterPrimitives)
  const token = realm.channelToken('webchat')
  const subject = realm.subject(token)
  const state = { proxy, version: 1, ids: ['alice'] }
  const message = Buffer.concat([
    encodePeerMessageHead({ source: 'alice', seq: 1, binary: false }),
    Buffer.from('"hello"')
  ])
  const frames: [what: string, subject: string, frames: Uint8Array[]][] = [
    ['ENTER', subject, [encodeFrame({ type: 'enter', challenge, state })]],
    ['SNAPSHOT', realm.inbox(session), [encodeFrame({ type: 'snapshot', token, challenge, state })]],
    ['JOIN, BROADCAST', subject, [encodeFrame({ type: 'join', version: 2, id: 'bob' }), message]],
    ['DIGEST', subject, [encodeFrame({ type: 'digest', proxy, version: 2, count: 2, back: false })]],
    ['HERE', realm.hall, [encodeFrame({ type: 'here', proxy, intervalMs: 10_000 })]]
  ]
  return {
    secret: hex(secret),
    realm: realm.name,
    hall: realm.hall,
    channel: { name: 'webchat', token: hex(token), subject },
    session: hex(session),
    inbox: realm.inbox(session),
    epoch,
    subkey: hex(realm.subkey(epoch, session, false)),
    batches: frames.map(([what, subject, list], place) => {
      const plaintext = encodeBatch(list.map(frame => [frame]))
      return {
        what,
        subject,
        number: place + 1,
        plaintext: hex(plaintext),
        batch: hex(sealBatch(clusterPrimitives, realm, subject, { epoch, session, number: place + 1 }, plaintext))
      }
    })
  }
}

/** The frames of a plaintext, for those who read the file. */
export function readExample(frames: Iterable<Uint8Array>): (Frame | undefined)[] {
  return Array.from(frames, decodeFrame)
}
