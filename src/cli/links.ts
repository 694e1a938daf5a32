// `nws links`: the links of a proxy to others. Read only.
import { Command } from 'commander'
import { bytesText } from './output.ts'
import { proxyOf, requestList, withProxy } from './proxy.ts'
import type { ProxyOptions } from './proxy.ts'
import { showList, withList } from './watch.ts'
import type { ListOptions } from './watch.ts'

interface Traffic { readonly in: number, readonly out: number }

interface Link {
  readonly proxyId: string
  readonly address: string
  readonly role: string
  readonly state: string
  readonly since: string
  readonly channels: readonly string[]
  readonly rttMs?: number
  readonly messages: Traffic
  readonly bytes: Traffic
}

/** The command. */
export function linksCommand (): Command {
  return withList(withProxy(new Command('links').description('list the links to other proxies')))
    .action(async (options: ListOptions & ProxyOptions) => {
      const proxy = proxyOf(options)
      await showList<Link>({
        load: async () => await requestList(proxy, '/api/links', 'links'),
        key: ({ proxyId, address, role }) => `${proxyId} ${role} ${address}`,
        columns: [
          { title: 'PROXY', value: ({ proxyId }) => proxyId === '' ? '(unknown yet)' : proxyId },
          { title: 'ADDRESS', value: ({ address }) => address },
          { title: 'ROLE', value: ({ role }) => role },
          { title: 'STATE', value: ({ state }) => state },
          { title: 'CHANNELS', value: ({ channels }) => channels.length, right: true },
          { title: 'RTT', value: ({ rttMs }) => rttMs === undefined ? '' : `${rttMs.toFixed(1)} ms`, right: true },
          { title: 'IN', value: ({ bytes }) => bytesText(bytes.in), right: true },
          { title: 'OUT', value: ({ bytes }) => bytesText(bytes.out), right: true },
          { title: 'SINCE', value: ({ since }) => since }
        ],
        empty: 'This proxy is linked to no other: `nws doctor` looks for the reason.'
      }, options)
    })
}
