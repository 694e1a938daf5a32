// The addresses of this proxy for devices without a proxy, as far as the settings let them in.
import { isLoopbackHost } from './settings-check.ts'
import { parseAllowedHost } from './host-policy.ts'

/** The settings that matter. */
export interface LanSettings {
  readonly host: string
  readonly allowedHosts: readonly string[]
}

const HTTP_PORT = 80
const ALL = new Set(['0.0.0.0', '::'])
const isAddress = (name: string): boolean => name.startsWith('[') || /^[\d.]+$/.test(name)
const bare = (name: string): string => name.toLowerCase().replace(/^\[|\]$/g, '')

/**
 * Addresses such as `http://192.168.1.20:9009`, in the order of NWS_ALLOWED_HOSTS: its names, and those of its addresses on
 * which this machine listens. Empty if only this machine reaches NWS_HOST. A server in front of the proxy is not known here.
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
