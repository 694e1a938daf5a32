// The Host headers that this proxy answers, and the addresses of this machine. Host is never compared with Origin.
//
// A page of another site can make its own name point to 127.0.0.1 (DNS rebinding). Its requests then come from this machine,
// and differ in nothing but the Host header.

/** Why a Host header is allowed: it is a name of this machine, or the settings list it. */
export type HostClass = 'loopback' | 'listed'

/** An entry of NWS_ALLOWED_HOSTS. */
export interface AllowedHost {
  /** Lower case; IPv6 in brackets. */
  readonly name: string
  /** undefined: any port. */
  readonly port: number | undefined
}

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const NAME = `(?:${LABEL}\\.)*${LABEL}`
const HOST = new RegExp(`^(${NAME}|\\[[0-9a-f:.]{2,45}\\])(?::([1-9]\\d{0,4}))?$`)
const LOOPBACK_NAME = new RegExp(`^(?:(?:${LABEL}\\.)*localhost|127(?:\\.${OCTET}){3}|\\[::1\\])$`)
const LOOPBACK_ADDRESS = new RegExp(`^(?:::ffff:)?127(?:\\.${OCTET}){3}$|^::1$`, 'i')

/** Longest Host header: a name of 253 characters and a port. */
const MAX_HOST = 260
const HTTP_PORT = 80

/** Whether an IP address, as sockets report it, is a loopback address of this machine. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address)
}

/** Reads a Host header; undefined if it is malformed. */
function parseHost(text: string): AllowedHost | undefined {
  if (text.length > MAX_HOST) return undefined
  const match = HOST.exec(text.toLowerCase())
  if (match === null) return undefined
  const port = match[2] === undefined ? undefined : Number(match[2])
  return port !== undefined && port > 65535 ? undefined : { name: match[1]!, port }
}

/** Whether a Host header names this machine in a way that browsers trust without TLS. */
export function isLoopbackName(text: string): boolean {
  return LOOPBACK_NAME.test(parseHost(text)?.name ?? '')
}

/** An address, as sockets report it, in the form of a Host header. */
function literalOf(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  return plain.includes(':') ? `[${plain}]` : plain
}

/** Reads an entry of NWS_ALLOWED_HOSTS: `name` or `name:port`; undefined for anything else. */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  return parseHost(text)
}

/**
 * Makes the check of Host headers.
 *
 * A name of this machine needs the port of the socket that accepted the connection. A listed name without a port is good for
 * every port. Case does not count. A trailing dot, user names, zones, blanks and unusual forms of addresses are refused.
 *
 * @param allowedHosts entries that `parseAllowedHost` takes
 * @returns a function of the header, the accepting port and, if it is allowed as a host too, the accepting address (a page
 *   cannot make a browser send its own name as an address). It returns the reason, or undefined
 */
export function createHostPolicy(
  allowedHosts: readonly string[]
): (host: string, localPort: number, ownAddress?: string) => HostClass | undefined {
  const listed = allowedHosts.flatMap(entry => parseAllowedHost(entry) ?? [])
  return (text, localPort, ownAddress) => {
    const host = parseHost(text)
    if (host === undefined) return undefined
    const port = host.port ?? HTTP_PORT
    if (LOOPBACK_NAME.test(host.name) && port === localPort) return 'loopback'
    if (ownAddress !== undefined && port === localPort && host.name === literalOf(ownAddress)) return 'listed'
    return listed.some(entry => entry.name === host.name && (entry.port === undefined || entry.port === port))
      ? 'listed'
      : undefined
  }
}
