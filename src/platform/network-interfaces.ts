// The network interfaces of this machine, as the system lists them.
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
