// The address of the rendezvous for other machines, for links that users hand on.
import { parsePeerAddress } from '../peer-address.ts'
import type { Settings } from '../settings.ts'

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * The first name of NWS_BV_HOSTS, or else what NWS_BV_LISTEN names. Behind a reverse proxy its name has no port of this listener.
 *
 * @param port which the listener has got
 * @returns without a slash at the end; undefined if there is no such listener
 */
export function listenerUrl(
  {
    bv,
    bvListen,
    bvHosts,
    tlsCert,
    trustedProxies
  }: Pick<Settings, 'bv' | 'bvListen' | 'bvHosts' | 'tlsCert' | 'trustedProxies'>,
  port?: number
): string | undefined {
  const address = bv ? parsePeerAddress(bvListen, true) : undefined
  if (address === undefined) return undefined
  const [listed] = bvHosts
  if (listed !== undefined && trustedProxies.length > 0) return `https://${listed}`
  const scheme = tlsCert === '' ? 'http' : 'https'
  if (listed !== undefined && /:\d+$/.test(listed)) return `${scheme}://${listed}`
  const name =
    listed ??
    (WILDCARDS.has(address.host) ? 'localhost' : address.host.includes(':') ? `[${address.host}]` : address.host)
  return `${scheme}://${name}:${port ?? address.port}`
}
