// The console of a proxy in a cluster: its proxies in the picture, the state of its connection, the remedy if there is
// none, and no word of its credentials.
import t from 'tap'
import { friendlyWords } from '../../src/core/friendly-words.ts'
import { startClusterApps } from '../support/cluster-apps.ts'
import { join, line, say } from '../support/console.ts'
import { startNats } from '../support/nats.ts'
import { inspectPage, visit } from '../support/pages.ts'
import { needs } from '../support/needs.ts'

t.test(
  'in a cluster: its proxies are in the picture, and where it has no server it says what helps',
  { ...needs('chromium-headless-shell', 'nats-server') },
  async t => {
    const nats = await startNats(t, { config: 'authorization { user: "nws", password: "canary-password" }' })
    const settings = { clusterUser: 'nws', clusterPassword: 'canary-password' }
    const [one, two] = await startClusterApps(t, 2, () => [nats.url], settings)
    const [a, b] = await Promise.all([visit(t, one!.url), visit(t, two!.url, { width: 360, dark: true })])
    const [idA, idB] = [await join(a, 'far.away'), await join(b, 'far.away')]
    const [proxyA, proxyB] = [one, two].map(({ app } = one!) => friendlyWords(app.crypto.proxyId.text))
    await line(b, `${idA}is here`).waitFor()
    await line(a, `${idB}is here`).waitFor()
    await say(a, 'over the cluster')
    await line(b, `${idA}over the cluster`).waitFor()
    for (const [page, other] of [
      [a, proxyB],
      [b, proxyA]
    ] as const) {
      await page.locator('#cluster-state', { hasText: `In a cluster through 127.0.0.1:${nats.port}` }).waitFor()
      await page.locator('#picture .node.proxy.clustered', { hasText: other! }).waitFor()
      await page.locator('#facts div', { hasText: /^Other proxies1$/ }).waitFor()
      await page
        .locator(
          '#picture svg[aria-label*="0 links to other proxies and 1 other proxy by the cluster, 1 of them with shared channels"]'
        )
        .waitFor()
    }
    await a.locator('#picture .node.proxy').hover()
    await a
      .locator('#picture-words', { hasText: new RegExp(`^Proxy ${proxyB}: by the cluster, 1 shared channel`) })
      .waitFor()
    await a.getByText('Links and channels as lists').click()
    await a.locator('#links').getByText(proxyB!).waitFor()
    await inspectPage(t, a, 'console-cluster-1280-light')
    await inspectPage(t, b, 'console-cluster-360-dark')
    for (const page of [a, b]) t.notMatch(await page.content(), /canary/, 'nothing of the credentials is in the page')

    await nats.kill()
    for (const page of [a, b]) {
      await page.locator('#cluster-state', { hasText: 'Has lost its cluster' }).waitFor()
      await page
        .locator('#cluster-hint', { hasText: 'No NATS server answers. Check the addresses in NWS_CLUSTER_URL' })
        .waitFor()
      await page.locator('#facts div', { hasText: /^Other proxies0$/ }).waitFor()
    }
    await inspectPage(t, a, 'console-cluster-lost-1280-light')
    await nats.restart()
    await a.locator('#picture .node.proxy.clustered', { hasText: proxyB! }).waitFor()
    t.ok(await a.locator('#cluster-hint').isHidden())
  }
)
