// Clients that greet everybody in the moment of their opening, over a cluster.
import t from 'tap'
import { clusterOptions, startClusterApps } from '../support/cluster-apps.ts'
import { greet } from '../support/generations.ts'
import { startNats } from '../support/nats.ts'
import { needs } from '../support/needs.ts'

t.test('a greeting waits until the proxies of the cluster are known', needs('nats-server'), async t => {
  const nats = await startNats(t)
  const [one, two] = await startClusterApps(t, 2, () => [nats.url], {
    cluster: { ...clusterOptions, timings: { ...clusterOptions.timings, answerMs: 60_000 } }
  })
  await greet(t, one!.ws, two!.ws)
})
