// The other proxies, each once, whether this proxy reaches them by a link, by the cluster, or by both.
import type { ApiClusterProxy, ApiLink } from './answers.ts'
import { bytes, count, duration, perSecond, plural, short } from './format.ts'
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
  messages: { in: number; out: number }
  /** Titles and values of its card. */
  figures: [title: string, value: string][]
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

/** How long ago a time was. */
function sinceWords(since: string): string {
  const at = new Date(since)
  return `${duration(Math.max(0, (Date.now() - at.getTime()) / 1000))}, ${at.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}`
}

/** @param other the same proxy in the cluster */
function fromLink(
  { proxyId, proxyName, address, role, state, since, resumptions, rttMs, channels, messages, bytes: size }: ApiLink,
  other: ApiClusterProxy | undefined
): Neighbour {
  const shared = [...new Set([...channels, ...(other?.channels ?? [])])]
  const made = state === 'open' ? (role === 'initiator' ? 'dialled by this one' : 'has dialled this one') : 'connecting'
  const trip = rttMs === undefined ? '' : `${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms`
  const away = trip === '' ? '' : `, ${trip} away`
  return {
    key: `link ${proxyId} ${address}`,
    proxyId: proxyId || address,
    name: computerOf(proxyId, proxyName),
    label: proxyName ?? short(proxyId),
    open: state === 'open',
    clustered: false,
    channels: shared,
    messages,
    figures: [
      ['Address', address],
      ['Connection', state === 'open' ? made : 'lost, another one is being made'],
      ['Round trip', trip || 'not measured yet'],
      ['Since', sinceWords(since)],
      ['Continued after a break', resumptions === 1 ? 'once' : resumptions === 0 ? 'never' : `${resumptions} times`],
      ['Received', `${plural(messages.in, 'message')}, ${bytes(size.in)}`],
      ['Sent', `${plural(messages.out, 'message')}, ${bytes(size.out)}`],
      ['Shared channels', count(shared.length)],
      ...(other === undefined ? [] : [['Also by', 'the cluster'] satisfies [string, string]])
    ],
    words: rate =>
      `${address}, ${made}${away}${other === undefined ? '' : ', also by the cluster'}, ${plural(shared.length, 'shared channel')}, ${perSecond(rate)} (${bytes(size.in)} in, ${bytes(size.out)} out)`
  }
}

function fromCluster(
  { proxyId, proxyName, since, channels, messages, bytes: size }: ApiClusterProxy,
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
    messages: { in: messages.in, out: 0 },
    figures: [
      ['Connection', connected ? 'by the cluster' : 'by the cluster, not connected now'],
      ['Since', sinceWords(since)],
      ['Received', `${plural(messages.in, 'message')}, ${bytes(size.in)}`],
      ['Shared channels', count(channels.length)]
    ],
    words: rate =>
      `${connected ? 'by the cluster' : 'by the cluster, not connected now'}, ${plural(channels.length, 'shared channel')}, ${perSecond(rate)} from it (${bytes(size.in)})`
  }
}
