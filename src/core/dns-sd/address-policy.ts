// Which advertised addresses may be dialled, and which sources count. A forged record can still name any machine of this
// network; only the link proves who answers.

/** A network that an interface of this machine is on. */
export interface OnLinkNetwork {
  /** Own address, 4 or 16 bytes. */
  readonly address: Uint8Array
  readonly prefixLength: number
}

/** The networks and addresses of this machine. */
export interface Surroundings {
  readonly networks: readonly OnLinkNetwork[]
  /** Own addresses as formatAddress() writes them. */
  readonly own: ReadonlySet<string>
}

/** The 4 or 16 bytes of an address; undefined for other texts. Ignores a scope (`%eth0`). An IPv4 address mapped into IPv6 becomes IPv4. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bare = text.split('%', 1)[0]!
  if (!bare.includes(':')) return parseIPv4(bare)
  const bytes = parseIPv6(bare)
  const mapped = bytes?.slice(0, 10).every(byte => byte === 0) === true && bytes[10] === 0xff && bytes[11] === 0xff
  return mapped ? bytes.slice(12) : bytes
}

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => (half === '' ? [] : groupsOf(half, index === halves.length - 1)))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff]))
}

/** The 16-bit groups of one side of `::`. A dotted IPv4 address at the end gives two. */
function groupsOf(text: string, last: boolean): number[] | undefined {
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const dotted = last && index === parts.length - 1 ? parseIPv4(part) : undefined
    if (dotted !== undefined) groups.push((dotted[0]! << 8) | dotted[1]!, (dotted[2]! << 8) | dotted[3]!)
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address[2 * index]! << 8) | address[2 * index + 1]!).toString(16)
  ).join(':')
  const zeros = [...groups.matchAll(/\b0(?::0)+\b/g)].toSorted((one, other) => other[0].length - one[0].length)[0]
  if (zeros === undefined) return groups
  return `${groups.slice(0, zeros.index).replace(/:$/, '')}::${groups.slice(zeros.index + zeros[0].length).replace(/^:/, '')}`
}

function within(address: Uint8Array, network: Uint8Array, prefixLength: number): boolean {
  if (address.length !== network.length) return false
  const whole = prefixLength >> 3
  for (let index = 0; index < whole; index++) if (address[index] !== network[index]) return false
  const rest = prefixLength & 7
  return rest === 0 || (address[whole]! ^ network[whole]!) >> (8 - rest) === 0
}

/** A shorter prefix is no local network but, for example, a tunnel for all addresses. */
const SHORTEST_PREFIX = 8

export function isOnLink(address: Uint8Array, { networks }: Surroundings): boolean {
  return networks.some(
    network => network.prefixLength >= SHORTEST_PREFIX && within(address, network.address, network.prefixLength)
  )
}

/** Whether two addresses are in the same network of this machine. */
export function sameNetwork(one: Uint8Array, other: Uint8Array, { networks }: Surroundings): boolean {
  return networks.some(
    ({ address, prefixLength }) => within(one, address, prefixLength) && within(other, address, prefixLength)
  )
}

/** Whether an address is the first or last (broadcast) address of a network of this machine. */
function isBroadcast(address: Uint8Array, { networks }: Surroundings): boolean {
  return (
    address.length === 4 &&
    networks.some(network => {
      if (network.prefixLength > 30 || !within(address, network.address, network.prefixLength)) return false
      const host = (view(address) & (0xffffffff >>> network.prefixLength)) >>> 0
      return host === 0 || host === 0xffffffff >>> network.prefixLength
    })
  )
}

function view(address: Uint8Array): number {
  return new DataView(address.buffer, address.byteOffset).getUint32(0)
}

type Scope = 'loopback' | 'link-local' | 'private' | 'other' | 'never'

function scopeOf(address: Uint8Array): Scope {
  const [a, b] = address as unknown as [number, number]
  if (address.length === 4) {
    if (a === 127) return 'loopback'
    if (a === 169 && b === 254) return 'link-local' // RFC 3927
    if (a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168)) return 'private' // RFC 1918
    return a === 0 || a >= 224 ? 'never' : 'other'
  }
  if (address.slice(0, 15).every(byte => byte === 0)) return address[15] === 1 ? 'loopback' : 'never'
  if (a === 0xfe && b >> 6 === 2) return 'link-local' // fe80::/10
  if (a >> 1 === 0x7e) return 'private' // unique-local fc00::/7, RFC 4193
  return a === 0xff ? 'never' : 'other'
}

export interface Source {
  /** Its address as formatAddress() writes it, without scope. */
  readonly address: string
  /** The receiving interface for link-local IPv6 addresses; undefined for others. */
  readonly scope: string | undefined
}

/** The source of a packet from the address that the system gives (`fe80::1%eth0`). */
export function sourceFrom(text: string): Source | undefined {
  const address = parseAddress(text)
  if (address === undefined) return undefined
  const scope = address.length === 16 && scopeOf(address) === 'link-local' ? text.split('%')[1] : undefined
  return { address: formatAddress(address), scope }
}

export function textOf({ address, scope }: Source): string {
  return scope === undefined ? address : `${address}%${scope}`
}

/** Whether packets of a source count (RFC 6762 §11: not from off the link). */
export function mayHear(source: Source, surroundings: Surroundings): boolean {
  const address = parseAddress(source.address)
  if (address === undefined) return false
  if (surroundings.own.has(source.address)) return true
  const scope = scopeOf(address)
  return (
    scope === 'private' ||
    scope === 'link-local' ||
    scope === 'loopback' ||
    (scope === 'other' && isOnLink(address, surroundings))
  )
}

/**
 * The text to dial for an address that `source` advertised; undefined if it must not be dialled. Allowed are on-link,
 * private, unique-local and link-local addresses (IPv6 with the scope of the packet), and loopback from this machine.
 */
export function dialable(text: string, source: Source, surroundings: Surroundings): string | undefined {
  const address = parseAddress(text)
  if (address === undefined || isBroadcast(address, surroundings)) return undefined
  const plain = formatAddress(address)
  switch (scopeOf(address)) {
    case 'loopback':
      return isOwn(source, surroundings) ? plain : undefined
    case 'link-local':
      return address.length === 4 ? plain : source.scope === undefined ? undefined : `${plain}%${source.scope}`
    case 'private':
      return plain
    case 'other':
      return isOnLink(address, surroundings) ? plain : undefined
    default:
      return undefined
  }
}

export function isOwn(source: Source, { own }: Surroundings): boolean {
  const address = parseAddress(source.address)
  return own.has(source.address) || (address !== undefined && scopeOf(address) === 'loopback')
}

/**
 * One sender for limits: this machine, an IPv4 address, an IPv6 address on the link (its neighbours have the same /64),
 * or else an IPv6 /64.
 */
export function senderOf(source: Source, surroundings: Surroundings): string {
  if (isOwn(source, surroundings)) return 'own'
  const address = parseAddress(source.address)
  if (address?.length !== 16 || scopeOf(address) === 'link-local' || isOnLink(address, surroundings))
    return source.address
  return address.slice(0, 8).join('.')
}
