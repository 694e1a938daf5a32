// The network interfaces as discovery needs them.
import { formatAddress, parseAddress, type OnLinkNetwork, type Surroundings } from '../../core/dns-sd/address-policy.ts'
import { linkLocalOf, readInterfaces, type NetworkInterfaces } from '../../platform/network-interfaces.ts'

export interface MulticastInterface {
  readonly name: string
  /** Selects the interface: its IPv4 address, or `::%scope` for IPv6. */
  readonly address: string
}

export interface InterfaceView {
  /** Interfaces with IPv4. Loopback if the machine is connected to nothing. */
  readonly ipv4: readonly MulticastInterface[]
  readonly ipv6: readonly MulticastInterface[]
  /** Whether loopback is up. Without it @homebridge/ciao ends the process. */
  readonly loopback: boolean
  /** Whether loopback is the only interface. */
  readonly alone: boolean
  readonly surroundings: Surroundings
}

/** A container host may have hundreds of interfaces. The others are left out. */
const MAX_INTERFACES = 32

/** The interfaces for discovery. @param platform see linkLocalOf() */
export function interfaceView(
  all: NetworkInterfaces = readInterfaces(),
  platform: string = process.platform
): InterfaceView {
  const own = new Set<string>()
  const networks: OnLinkNetwork[] = []
  const ipv4: MulticastInterface[] = []
  const ipv6: MulticastInterface[] = []
  let loopback: MulticastInterface | undefined
  for (const [name, infos = []] of Object.entries(all)) {
    const v4 = infos.find(({ family }) => family === 'IPv4')
    const internal = infos.some(info => info.internal)
    for (const { address, cidr } of infos) {
      const bytes = parseAddress(address)
      if (bytes === undefined) continue
      own.add(formatAddress(bytes))
      if (!internal) networks.push({ address: bytes, prefixLength: Number(cidr?.split('/')[1] ?? bytes.length * 8) })
    }
    if (internal) {
      if (v4 !== undefined) loopback ??= { name, address: v4.address }
      continue
    }
    if (v4 !== undefined) ipv4.push({ name, address: v4.address })
    const linkLocal = linkLocalOf(name, infos, platform)
    if (linkLocal !== undefined) ipv6.push({ name, address: linkLocal.selector })
  }
  const alone = ipv4.length === 0 && ipv6.length === 0
  const byName = (one: MulticastInterface, other: MulticastInterface) => (one.name < other.name ? -1 : 1)
  return {
    ipv4: alone && loopback !== undefined ? [loopback] : ipv4.toSorted(byName).slice(0, MAX_INTERFACES),
    ipv6: ipv6.toSorted(byName).slice(0, MAX_INTERFACES),
    loopback: loopback !== undefined,
    alone,
    surroundings: { networks, own }
  }
}
