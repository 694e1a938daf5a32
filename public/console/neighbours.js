// The other proxies, each once, whether this proxy reaches them by a link, by the cluster, or by both. Pure.
import { bytes, perSecond, plural, short } from './format.js'

/** @typedef {{ proxyId: string, address: string, role: string, state: string, since: string, channels: string[], rttMs?: number, messages: { in: number, out: number }, bytes: { in: number, out: number } }} ApiLink */
/** @typedef {{ proxyId: string, since: string, channels: string[], messages: { in: number }, bytes: { in: number } }} ApiClusterProxy */

/**
 * @typedef {object} Neighbour
 * @property {string} key
 * @property {string} proxyId may be empty
 * @property {string} name
 * @property {boolean} open
 * @property {boolean} clustered reached by the cluster alone
 * @property {readonly string[]} channels names or tags of the shared channels
 * @property {number} messages in both directions
 * @property {(rate: number) => string} words describe it, with its messages per second
 */

/**
 * @param {readonly ApiLink[]} links
 * @param {readonly ApiClusterProxy[]} proxies of the cluster
 * @param {boolean} connected whether this proxy has a server of the cluster
 * @returns {Neighbour[]}
 */
export function neighbours(links, proxies, connected) {
  const ofCluster = new Map(proxies.map(proxy => [proxy.proxyId, proxy]))
  const linked = links.map(link => fromLink(link, ofCluster.get(link.proxyId)))
  const known = new Set(links.map(({ proxyId }) => proxyId))
  return [
    ...linked,
    ...proxies.filter(({ proxyId }) => !known.has(proxyId)).map(proxy => fromCluster(proxy, connected))
  ]
}

/** @param {ApiLink} link @param {ApiClusterProxy | undefined} other the same proxy in the cluster @returns {Neighbour} */
function fromLink({ proxyId, address, role, state, rttMs, channels, messages, bytes: size }, other) {
  const shared = [...new Set([...channels, ...(other?.channels ?? [])])]
  const made = state === 'open' ? (role === 'initiator' ? 'dialled by this one' : 'has dialled this one') : 'connecting'
  const away = rttMs === undefined ? '' : `, ${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms away`
  return {
    key: `link ${proxyId} ${address}`,
    proxyId: proxyId || address,
    name: short(proxyId),
    open: state === 'open',
    clustered: false,
    channels: shared,
    messages: messages.in + messages.out,
    words: rate =>
      `${address}, ${made}${away}${other === undefined ? '' : ', also by the cluster'}, ${plural(shared.length, 'shared channel')}, ${perSecond(rate)} (${bytes(size.in)} in, ${bytes(size.out)} out)`
  }
}

/** @param {ApiClusterProxy} proxy @param {boolean} connected @returns {Neighbour} */
function fromCluster({ proxyId, channels, messages, bytes: size }, connected) {
  return {
    key: `cluster ${proxyId}`,
    proxyId,
    name: short(proxyId),
    open: connected,
    clustered: true,
    channels,
    messages: messages.in,
    words: rate =>
      `${connected ? 'by the cluster' : 'by the cluster, not connected now'}, ${plural(channels.length, 'shared channel')}, ${perSecond(rate)} from it (${bytes(size.in)})`
  }
}
