// The numbers of a proxy in a cluster.
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { joinChannel } from '../support/channel.ts'
import { startClusterApps } from '../support/cluster-apps.ts'
import { scrape } from '../support/metrics.ts'
import { startNats } from '../support/nats.ts'
import { needs } from '../support/needs.ts'

t.test('counts what goes over the cluster', needs('nats-server'), async t => {
  const nats = await startNats(t, { config: 'authorization { token: "canary-token" }' })
  const [one, two] = await startClusterApps(t, 2, () => [nats.url], { clusterToken: 'canary-token' })
  const [alice, bob] = [await joinChannel(t, one!.ws, 'canary'), await joinChannel(t, two!.ws, 'canary')]
  await Promise.all([alice.nextOf('connect'), bob.nextOf('connect')])
  alice.send({ action: 'broadcast', data: 'canary' })
  await bob.nextOf('broadcast')
  const { metrics, text } = await scrape(two!.url)
  t.equal(metrics.get('nws_cluster_connected'), 1)
  t.equal(metrics.get('nws_cluster_proxies'), 1)
  t.equal(metrics.get('nws_cluster_reconnects_total'), 0)
  for (const direction of ['in', 'out']) {
    const batches = metrics.get(`nws_cluster_batches_total{direction="${direction}"}`)!
    t.ok(batches >= 2, `${batches} batches ${direction}`)
    t.ok(
      metrics.get(`nws_cluster_bytes_total{direction="${direction}"}`)! > 45 * batches,
      'each has a header and a tag'
    )
  }
  t.equal(metrics.get('nws_queue_bytes{kind="cluster"}'), 0)
  t.equal(metrics.get('nws_cluster_queue_dropped_total'), 0)
  for (const reason of ['not sealed', 'again', 'nobody'])
    t.ok(metrics.has(`nws_cluster_refused_total{reason="${reason}"}`), reason)
  t.notMatch(text, /canary/)
  for (const secret of [one!.app.crypto.proxyId.text, String(nats.port)])
    t.notMatch(text, secret, 'neither ids nor addresses')
  await nats.kill()
  await two!.until(({ state }) => state === 'disconnected')
  t.equal((await scrape(two!.url)).metrics.get('nws_cluster_connected'), 0)
  const alone = await buildTestApp(t)
  t.notMatch((await scrape(alone.url)).text, /cluster/, 'without a cluster there are none of these')
})
