// The network interfaces that the doctor tries out.
import { chooseInterfaces, linkLocalOf, readInterfaces } from '../network-interfaces.ts'

export interface NetworkInterface {
  readonly name: string
  readonly family: 'udp4' | 'udp6'
  /** Selects the interface for multicast. */
  readonly address: string
  /** As people read it. */
  readonly shown: string
}

/** The interfaces that discovery uses, each with one address family, and whether loopback is up. */
export function interfacesToTry(all = readInterfaces()): {
  readonly list: readonly NetworkInterface[]
  readonly leftOut: readonly string[]
  readonly loopback: boolean
} {
  const list: NetworkInterface[] = []
  let loopback = false
  for (const [name, infos = []] of Object.entries(all)) {
    loopback ||= infos.some(({ internal }) => internal)
    const external = infos.filter(({ internal }) => !internal)
    const ipv4 = external.find(({ family }) => family === 'IPv4')?.address
    const ipv6 = linkLocalOf(name, external)
    if (ipv4 !== undefined) list.push({ name, family: 'udp4', address: ipv4, shown: ipv4 })
    else if (ipv6 !== undefined)
      list.push({ name, family: 'udp6', address: ipv6.selector, shown: `${ipv6.address}%${name}` })
  }
  const { chosen, leftOut } = chooseInterfaces(list)
  return { list: chosen, leftOut, loopback }
}
