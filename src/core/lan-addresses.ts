// Where devices without a proxy reach this one, as far as the settings let them. Not the letting in (host-policy.ts,
// plugins/access-guard.ts), and no look at the network: the own addresses come in.
import { isLoopbackHost } from './settings-check.ts'
import { parseAllowedHost } from './host-policy.ts'

/** What the settings say of it. */
export interface LanSettings {
  readonly host: string
  readonly allowedHosts: readonly string[]
}

const HTTP_PORT = 80
const ALL = new Set(['0.0.0.0', '::'])
const isAddress = (name: string): boolean => name.startsWith('[') || /^[\d.]+$/.test(name)
const bare = (name: string): string => name.toLowerCase().replace(/^\[|\]$/g, '')

/**
 * Addresses such as `http://192.168.1.20:9009`, in the order of NWS_ALLOWED_HOSTS: its names, and of its addresses those of
 * this machine that are listened on. None where NWS_HOST does not reach beyond this machine; a server in front of it, which
 * may speak TLS, is not known here.
 *
 * @param port of this proxy
 * @param own addresses of this machine
 */
export function lanAddresses({ host, allowedHosts }: LanSettings, port: number, own: readonly string[]): string[] {
  if (isLoopbackHost(host)) return []
  return allowedHosts.flatMap(entry => {
    const allowed = parseAllowedHost(entry)
    if (
      allowed === undefined ||
      (allowed.port ?? port) !== port ||
      isLoopbackHost(bare(allowed.name)) ||
      allowed.name.endsWith('.localhost')
    )
      return []
    const address = bare(allowed.name)
    if (isAddress(allowed.name) && (!own.includes(address) || (!ALL.has(host) && bare(host) !== address))) return []
    return [`http://${allowed.name}${port === HTTP_PORT ? '' : `:${port}`}`]
  })
}
