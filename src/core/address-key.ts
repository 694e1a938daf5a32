// Who a connection counts as: one IPv4 address, or one IPv6 network of 64 bits, since a host may have as many addresses
// in it as it likes (docs/protocol/link.md §6). Not a rule of who may connect.
import { formatAddress, parseAddress } from './dns-sd/address-policy.ts'

/** Who a connection counts as. */
export interface AddressKey {
  /** The IPv4 address, or the first 64 bits of the IPv6 one; an IPv4 address mapped into IPv6 counts as IPv4. */
  readonly key: string
  /** This very machine. */
  readonly loopback: boolean
}

/** The key of an address as sockets report it; everything unreadable counts as one. */
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
