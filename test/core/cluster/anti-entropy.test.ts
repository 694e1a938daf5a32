// Answers to questions of other proxies in the cluster.
import t from 'tap'
import { AntiEntropy, NO_TOKEN, type AntiEntropyDeps } from '../../../src/core/cluster/anti-entropy.ts'
import type { ClusterChannel } from '../../../src/core/cluster/presence.ts'

t.test('a question for a channel that is not open here gets no answer, a question for the proof does', async t => {
  const said: Parameters<AntiEntropyDeps['sayTo']>[1][] = []
  const proxyId = new Uint8Array(16).fill(3)
  const entropy = new AntiEntropy({
    proxyId,
    sayTo: (_id, frame) => said.push(frame),
    channelOf: (): ClusterChannel | undefined => undefined
  } as Partial<AntiEntropyDeps> as AntiEntropyDeps)
  const [id, challenge] = [new Uint8Array(16), new Uint8Array(16).fill(7)]
  entropy.answer(id, new Uint8Array(NO_TOKEN.length).fill(1), challenge)
  t.strictSame(said, [])
  entropy.answer(id, NO_TOKEN, challenge)
  t.strictSame(said, [{ type: 'snapshot', token: NO_TOKEN, challenge, state: { proxy: proxyId, version: 0, ids: [] } }])
})
