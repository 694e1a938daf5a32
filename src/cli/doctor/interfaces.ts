// The network interfaces of this machine as the doctor looks at them. Only reads what the system tells.
import { networkInterfaces } from 'node:os'

/** An interface that discovery could use. */
export interface NetworkInterface {
  readonly name: string
  readonly family: 'udp4' | 'udp6'
  /** What selects it for multicast. */
  readonly address: string
  /** As people read it. */
  readonly shown: string
}

/** Interfaces that are up and have an address, and whether loopback is one. */
export function readInterfaces(all: ReturnType<typeof networkInterfaces> = networkInterfaces()): {
  list: NetworkInterface[]
  loopback: boolean
} {
  const list: NetworkInterface[] = []
  let loopback = false
  for (const [name, infos = []] of Object.entries(all)) {
    loopback ||= infos.some(({ internal }) => internal)
    const ipv4 = infos.find(({ family, internal }) => family === 'IPv4' && !internal)
    const ipv6 = infos.find(
      ({ family, internal, address }) => family === 'IPv6' && !internal && /^fe[89ab]/i.test(address)
    )
    if (ipv4 !== undefined) list.push({ name, family: 'udp4', address: ipv4.address, shown: ipv4.address })
    else if (ipv6?.family === 'IPv6')
      list.push({
        name,
        family: 'udp6',
        address: `::%${process.platform === 'win32' ? ipv6.scopeid : name}`,
        shown: `${ipv6.address}%${name}`
      })
  }
  return { list, loopback }
}
