// `nws channels`: lists the open channels of a proxy.
import { Command } from 'commander'
import { bytesText } from './output.ts'
import { proxyOf, requestList, withProxy, type ProxyOptions } from './proxy.ts'
import { showList, withList, type ListOptions } from './watch.ts'

interface Channel {
  readonly name?: string
  readonly tag: string
  readonly scope: string
  readonly peers: { readonly local: number; readonly remote: number }
  readonly openedAt: string
  readonly messages: number
  readonly bytes: number
}

export function channelsCommand(): Command {
  return withList(withProxy(new Command('channels').description('list the open channels'))).action(
    async (options: ListOptions & ProxyOptions) => {
      const proxy = proxyOf(options)
      await showList<Channel>(
        {
          load: async () => await requestList(proxy, '/api/channels', 'channels'),
          key: ({ tag, scope }) => `${scope} ${tag}`,
          columns: [
            { title: 'CHANNEL', value: ({ name, tag }) => name ?? `(${tag})` },
            { title: 'SCOPE', value: ({ scope }) => scope },
            { title: 'HERE', value: ({ peers }) => peers.local, right: true },
            { title: 'REMOTE', value: ({ peers }) => peers.remote, right: true },
            { title: 'MESSAGES', value: ({ messages }) => messages, right: true },
            { title: 'DATA', value: ({ bytes }) => bytesText(bytes), right: true },
            { title: 'OPENED', value: ({ openedAt }) => openedAt }
          ],
          empty: 'No channel is open.'
        },
        options
      )
    }
  )
}
