// The other proxies, each once, whether this proxy reaches them by a link, by the cluster, or by both. Pure.
import type { ApiClusterProxy, ApiLink } from './answers.ts'
import { bytes, perSecond, plural, short } from './format.ts'
import { computerOf } from './peer-card.ts'

export interface Neighbour {
  key: string
  /** May be empty. */
  proxyId: string
  /** The words of its proxy, behind the name of the computer if it has one. */
  name: string
  /** The same in short. */
  label: string
  open: boolean
  /** Reached by the cluster alone. */
  clustered: boolean
  /** Names or tags of the shared channels. */
  channels: readonly string[]
  /** In both directions. */
  messages: number
  /** Describe it, with its messages per second. */
  words: (rate: number) => string
}

/** @param proxies of the cluster @param connected whether this proxy has a server of the cluster */
export function neighbours(
  links: readonly ApiLink[],
  proxies: readonly ApiClusterProxy[],
  connected: boolean
): Neighbour[] {
  const ofCluster = new Map(proxies.map(proxy => [proxy.proxyId, proxy]))
  const linked = links.map(link => fromLink(link, ofCluster.get(link.proxyId)))
  const known = new Set(links.map(({ proxyId }) => proxyId))
  return [
    ...linked,
    ...proxies.filter(({ proxyId }) => !known.has(proxyId)).map(proxy => fromCluster(proxy, connected))
  ]
}

/** @param other the same proxy in the cluster */
function fromLink(
  { proxyId, proxyName, address, role, state, rttMs, channels, messages, bytes: size }: ApiLink,
  other: ApiClusterProxy | undefined
): Neighbour {
  const shared = [...new Set([...channels, ...(other?.channels ?? [])])]
  const made = state === 'open' ? (role === 'initiator' ? 'dialled by this one' : 'has dialled this one') : 'connecting'
  const away = rttMs === undefined ? '' : `, ${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms away`
  return {
    key: `link ${proxyId} ${address}`,
    proxyId: proxyId || address,
    name: computerOf(proxyId, proxyName),
    label: proxyName ?? short(proxyId),
    open: state === 'open',
    clustered: false,
    channels: shared,
    messages: messages.in + messages.out,
    words: rate =>
      `${address}, ${made}${away}${other === undefined ? '' : ', also by the cluster'}, ${plural(shared.length, 'shared channel')}, ${perSecond(rate)} (${bytes(size.in)} in, ${bytes(size.out)} out)`
  }
}

function fromCluster(
  { proxyId, proxyName, channels, messages, bytes: size }: ApiClusterProxy,
  connected: boolean
): Neighbour {
  return {
    key: `cluster ${proxyId}`,
    proxyId,
    name: computerOf(proxyId, proxyName),
    label: proxyName ?? short(proxyId),
    open: connected,
    clustered: true,
    channels,
    messages: messages.in,
    words: rate =>
      `${connected ? 'by the cluster' : 'by the cluster, not connected now'}, ${plural(channels.length, 'shared channel')}, ${perSecond(rate)} from it (${bytes(size.in)})`
  }
}
