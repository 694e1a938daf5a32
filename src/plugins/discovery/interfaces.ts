// The network interfaces as discovery needs them.
import { formatAddress, parseAddress, type OnLinkNetwork, type Surroundings } from '../../core/dns-sd/address-policy.ts'
import {
  chooseInterfaces,
  linkLocalOf,
  readInterfaces,
  type NetworkInterfaces
} from '../../platform/network-interfaces.ts'

export interface MulticastInterface {
  readonly name: string
  /** Selects the interface: its IPv4 address, or `::%scope` for IPv6. */
  readonly address: string
}

export interface InterfaceView {
  /** Interfaces with IPv4. Loopback if the machine is connected to nothing. */
  readonly ipv4: readonly MulticastInterface[]
  readonly ipv6: readonly MulticastInterface[]
  /** Names of interfaces that are left out because there are too many. */
  readonly leftOut: readonly string[]
  /** Whether loopback is up. Without it @homebridge/ciao ends the process. */
  readonly loopback: boolean
  /** Whether loopback is the only interface. */
  readonly alone: boolean
  readonly surroundings: Surroundings
}

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
  const [chosen4, chosen6] = [chooseInterfaces(ipv4), chooseInterfaces(ipv6)]
  return {
    ipv4: alone && loopback !== undefined ? [loopback] : chosen4.chosen,
    ipv6: chosen6.chosen,
    leftOut: [...new Set([...chosen4.leftOut, ...chosen6.leftOut])].toSorted(),
    loopback: loopback !== undefined,
    alone,
    surroundings: { networks, own }
  }
}
