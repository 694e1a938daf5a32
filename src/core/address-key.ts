// The key for limits per address: an IPv4 address, or an IPv6 /64, because one host may use all addresses in it
// (docs/protocol/link.md §6).
import { formatAddress, parseAddress } from './dns-sd/address-policy.ts'

/** The key of an address. */
export interface AddressKey {
  /** The IPv4 address, or the first 64 bits of the IPv6 address. An IPv4 address mapped into IPv6 counts as IPv4. */
  readonly key: string
  /** The address is this machine. */
  readonly loopback: boolean
}

/** The key of an address as sockets report it. All unreadable texts share one key. */
export function addressKey(text: string): AddressKey {
  const address = parseAddress(text)
  if (address === undefined) return { key: 'unknown', loopback: false }
  if (address.length === 4) return { key: formatAddress(address), loopback: address[0] === 127 }
  const loopback = address.every((byte, index) => byte === (index === 15 ? 1 : 0))
  return {
    key: loopback ? '::1' : `${formatAddress(address.map((byte, index) => (index < 8 ? byte : 0)))}/64`,
    loopback
  }
}
