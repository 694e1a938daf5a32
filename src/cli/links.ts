// `nws links`: lists the proxies with which a proxy may share channels, by links and by a cluster.
import { Command } from 'commander'
import { CliError } from './errors.ts'
import { bytesText } from './output.ts'
import { proxyOf, request, withProxy, type Proxy, type ProxyOptions } from './proxy.ts'
import { showList, withList, type ListOptions } from './watch.ts'

/** Traffic to a cluster goes to all its proxies, so a proxy of it has no `out`. */
interface Traffic {
  readonly in: number
  readonly out?: number
}

/** A link of the API, or a proxy of the cluster, which has fewer members. */
interface Row {
  readonly proxyId: string
  readonly proxyWords: string
  readonly proxyName?: string
  readonly address?: string
  readonly role: string
  readonly state?: string
  readonly since: string
  readonly channels: readonly string[]
  readonly rttMs?: number
  readonly messages: Traffic
  readonly bytes: Traffic
}

async function load(proxy: Proxy): Promise<Row[]> {
  const { links, cluster = [] } = await request<{ links?: unknown; cluster?: unknown }>(proxy, '/api/links')
  if (!Array.isArray(links) || !Array.isArray(cluster)) throw new CliError('NWS_CLI_ANSWER')
  return [...(links as Row[]), ...(cluster as Omit<Row, 'role'>[]).map(one => ({ ...one, role: 'cluster' }))]
}

export function linksCommand(): Command {
  return withList(
    withProxy(new Command('links').description('list the other proxies, by links and of the cluster'))
  ).action(async (options: ListOptions & ProxyOptions) => {
    const proxy = proxyOf(options)
    await showList<Row>(
      {
        load: async () => await load(proxy),
        key: ({ proxyId, address = '', role }) => `${proxyId} ${role} ${address}`,
        columns: [
          { title: 'PROXY', value: ({ proxyId }) => (proxyId === '' ? '(unknown yet)' : proxyId) },
          { title: 'COMPUTER', value: ({ proxyWords, proxyName = proxyWords }) => proxyName },
          { title: 'ADDRESS', value: ({ address = '' }) => address },
          { title: 'ROLE', value: ({ role }) => role },
          { title: 'STATE', value: ({ state = '' }) => state },
          { title: 'CHANNELS', value: ({ channels }) => channels.length, right: true },
          { title: 'RTT', value: ({ rttMs }) => (rttMs === undefined ? '' : `${rttMs.toFixed(1)} ms`), right: true },
          { title: 'IN', value: ({ bytes }) => bytesText(bytes.in), right: true },
          { title: 'OUT', value: ({ bytes }) => (bytes.out === undefined ? '' : bytesText(bytes.out)), right: true },
          { title: 'SINCE', value: ({ since }) => since }
        ],
        empty: 'This proxy is linked to no other: `nws doctor` finds the reason.'
      },
      options
    )
  })
}
