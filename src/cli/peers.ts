// `nws peers`: lists the peers of all channels of a proxy, or of one.
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { CliError } from './errors.ts'
import { bytesText } from './output.ts'
import { proxyOf, request, requestList, withProxy, type ProxyOptions } from './proxy.ts'
import { showList, withList, type ListOptions } from './watch.ts'

interface Peer {
  readonly id: string
  readonly words: string
  readonly channel: string
  readonly location: string
  readonly proxyWords: string
  readonly proxyName?: string
  readonly dialect: string
  readonly via?: string
  readonly connectedAt: string
  readonly messages: number
  readonly bytes: number
}

export function peersCommand(): Command {
  return withList(
    withProxy(withChannel(new Command('peers').description('list the peers of all channels, or of one')))
  ).action(async (channel: string | undefined, options: ListOptions & ProxyOptions & ChannelOptions) => {
    const proxy = proxyOf(options)
    const isOne = channel !== undefined || options.channelFile !== undefined
    const path = isOne ? `/api/channels/${encodeURIComponent((await takeChannel([channel], options)).name)}` : undefined
    await showList<Peer>(
      {
        load: async () => {
          if (path === undefined) return await requestList(proxy, '/api/peers', 'peers')
          const list = (await request<{ peers?: { list?: unknown } }>(proxy, path)).peers?.list
          if (!Array.isArray(list)) throw new CliError('NWS_CLI_ANSWER')
          return list as Peer[]
        },
        key: ({ id }) => id,
        columns: [
          { title: 'PEER', value: ({ id }) => id },
          { title: 'WORDS', value: ({ words }) => words },
          ...(isOne ? [] : [{ title: 'CHANNEL', value: ({ channel }: Peer) => channel }]),
          { title: 'WHERE', value: ({ location }) => (location === 'local' ? 'here' : location) },
          { title: 'COMPUTER', value: ({ proxyWords, proxyName = proxyWords }) => proxyName },
          { title: 'SPEAKS', value: ({ dialect, via = dialect }) => via },
          { title: 'MESSAGES', value: ({ messages }) => messages, right: true },
          { title: 'DATA', value: ({ bytes }) => bytesText(bytes), right: true },
          { title: 'SINCE', value: ({ connectedAt }) => connectedAt }
        ],
        empty: 'No peers.'
      },
      options
    )
  })
}
