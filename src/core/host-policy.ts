// Which Host headers this proxy answers to, and which addresses are this machine. Not the reading of requests
// (plugins/access-guard) and never a comparison of Host with Origin.
//
// A page of another site can make its own name point to 127.0.0.1 (DNS rebinding): its requests then arrive from this
// machine, and only the Host header tells them apart.

/** How a Host header was found to be allowed: a name of this machine, or one that the settings list. */
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

/** Longest Host header that is looked at: a name of 253 characters and a port. */
const MAX_HOST = 260
const HTTP_PORT = 80

/** Whether an IP address, as sockets report it, is one of this machine's own loopback addresses. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address)
}

/** Splits what a Host header carries; undefined for what no Host header should. */
function parseHost(text: string): AllowedHost | undefined {
  if (text.length > MAX_HOST) return undefined
  const match = HOST.exec(text.toLowerCase())
  if (match === null) return undefined
  const port = match[2] === undefined ? undefined : Number(match[2])
  return port !== undefined && port > 65535 ? undefined : { name: match[1]!, port }
}

/** An address, as sockets report it, in the form that a Host header has it in. */
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
 * Own names need the port of the socket that accepted the connection. A listed name without a port is good for any
 * port, since a name is what an attacker cannot choose freely here. Names are compared without regard to case; a
 * trailing dot, user names, zones, blanks and unusual spellings of addresses are not allowed.
 *
 * @param allowedHosts entries that `parseAllowedHost` takes
 * @returns a function of the header's value, the accepting port and, where that is allowed too, the accepting address
 *   (a page cannot have its own name sent as an address): how it is allowed, or undefined
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
