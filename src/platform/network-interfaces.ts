// The network interfaces of this machine, as the system lists them.
import { readFileSync } from 'node:fs'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

/** By name: the interfaces that are up and have an address. */
export type NetworkInterfaces = ReturnType<typeof networkInterfaces>

let known: NetworkInterfaces = {}

/** The interfaces now. If the system refuses to list them, the list that it gave last. */
export function readInterfaces(read: () => NetworkInterfaces = networkInterfaces): NetworkInterfaces {
  try {
    known = read()
  } catch {
    // A process may lack the right (Android), or the file descriptor that the call needs.
  }
  return known
}

/** The addresses by which other machines may reach this one. */
export function externalAddresses(all = readInterfaces()): string[] {
  return Object.values(all).flatMap((infos = []) =>
    infos.filter(({ internal }) => !internal).map(({ address }) => address)
  )
}

/** How mDNS speaks IPv6 on an interface. */
export interface LinkLocal {
  readonly address: string
  /** Selects the interface for multicast. */
  readonly selector: string
}

/**
 * The link-local IPv6 address of an interface: mDNS over IPv6 speaks from such addresses only.
 *
 * @param platform Windows tells interfaces apart by number, others by name
 */
export function linkLocalOf(
  name: string,
  infos: readonly NetworkInterfaceInfo[],
  platform: string = process.platform
): LinkLocal | undefined {
  const found = infos.find(({ family, address }) => family === 'IPv6' && /^fe[89ab]/i.test(address))
  if (found?.family !== 'IPv6') return undefined
  return { address: found.address, selector: `::%${platform === 'win32' ? found.scopeid : name}` }
}

/** Names of interfaces that programs make for containers, virtual machines and tunnels. */
const VIRTUAL =
  /^(br-|docker|podman|veth|virbr|vnet|vmnet|vboxnet|cni|cali|flannel|lxc|lxd|kube|nodelocal|tun|tap|wg|zt|utun|awdl|llw|anpi)/

/** The most interfaces that multicast uses: a socket can join no more on Linux. A container host may have hundreds. */
const MOST_INTERFACES = 20

/** The interfaces with a default route. Empty on systems other than Linux. */
export function routedInterfaces(read: () => string = () => readFileSync('/proc/net/route', 'latin1')): Set<string> {
  try {
    const rows = read()
      .split('\n')
      .map(line => line.split('\t'))
    return new Set(rows.filter(([, destination]) => destination === '00000000').map(([name]) => name!))
  } catch {
    return new Set()
  }
}

/**
 * The interfaces for multicast in the order of their names, without those that are too many. Those with a default route are the
 * last to be left out, and those of containers and tunnels the first.
 */
export function chooseInterfaces<T extends { readonly name: string }>(
  all: readonly T[],
  routed: () => ReadonlySet<string> = routedInterfaces
): { readonly chosen: readonly T[]; readonly leftOut: readonly string[] } {
  const byName = (one: T, other: T): number => (one.name < other.name ? -1 : 1)
  if (all.length <= MOST_INTERFACES) return { chosen: all.toSorted(byName), leftOut: [] }
  const routes = routed()
  const rankOf = ({ name }: T): number => (routes.has(name) ? 0 : VIRTUAL.test(name) ? 2 : 1)
  const ranked = all.toSorted((one, other) => rankOf(one) - rankOf(other) || byName(one, other))
  return {
    chosen: ranked.slice(0, MOST_INTERFACES).toSorted(byName),
    leftOut: ranked.slice(MOST_INTERFACES).map(({ name }) => name)
  }
}
