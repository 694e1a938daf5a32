// `nws doctor` and a proxy that has others by a cluster, and not by discovery.
import t from 'tap'
import { doctor, startProxy } from '../support/doctor.ts'
import { createNetwork } from '../support/namespaces.ts'
import { NATS_SERVER, newSecret } from '../support/nats.ts'
import { needs } from '../support/needs.ts'

t.test('the cluster', { ...needs('nats-server', 'namespaces'), timeout: 110_000 }, async t => {
  const { hosts } = await createNetwork(t, 1)
  const host = hosts[0]!
  const env = { NWS_DISCOVERY: 'off', NWS_CLUSTER_URL: 'nats://127.0.0.1', NWS_CLUSTER_SECRET: newSecret() }
  const proxy = await startProxy(host, env)
  const until = async (holds: (cluster: { state: string; error?: string; proxies: number }) => boolean) =>
    await proxy.until<{ cluster: { state: string; error?: string; proxies: number } }>('/api/health', ({ cluster }) =>
      holds(cluster)
    )
  await until(({ error }) => error !== undefined)
  const without = await doctor(t, host)
  t.strictSame(
    [without.code, without.codes.filter(code => code !== 'no-others')],
    [1, ['cluster-unreachable']],
    without.text
  )
  t.match(without.text, /NWS_ERR_CLUSTER_UNREACHABLE: /)

  const server = host.spawn(NATS_SERVER, ['-a', '0.0.0.0', '-p', '4222'])
  await server.printed(/Server is ready/)
  await until(({ state }) => state === 'connected')
  const alone = await doctor(t, host)
  t.strictSame([alone.code, alone.codes], [1, ['cluster-alone']], alone.text)

  await startProxy(host, { ...env, NWS_PORT: '0' })
  await until(({ proxies }) => proxies === 1)
  const healthy = await doctor(t, host)
  t.strictSame([healthy.code, healthy.codes], [0, []], healthy.text)
  t.match(healthy.text, /1 other proxy is alive/)
})
