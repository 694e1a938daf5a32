// The addresses of this machine by which guests reach it: private ones, the one of the default route first.

/** An address of an interface. */
export interface OwnAddress {
  readonly address: string
  readonly family: string
  readonly internal: boolean
}

/** RFC 1918, carrier networks (RFC 6598), and link-local addresses (RFC 3927). */
const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.)/

/** Bridges of containers and virtual machines, which no phone reaches. */
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|cni|podman)/

/**
 * The addresses for guests, the best first. Empty: this machine has no private address.
 *
 * @param interfaces by name
 * @param preferred address of the default route; undefined: none
 */
export function guestAddresses(
  interfaces: Readonly<Record<string, readonly OwnAddress[] | undefined>>,
  preferred: string | undefined
): string[] {
  const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ address, family, internal }) => family === 'IPv4' && !internal && PRIVATE.test(address))
      .map(({ address }) => ({ address, rank: rank(name, address, preferred) }))
  )
  return found.sort((a, b) => a.rank - b.rank).map(({ address }) => address)
}

function rank(name: string, address: string, preferred: string | undefined): number {
  if (address === preferred) return 0
  return VIRTUAL.test(name) ? 3 : address.startsWith('169.254.') ? 2 : 1
}
