// Addresses as sockets and the system give them, in one spelling. Not a rule of who may connect or be dialled
// (core/dns-sd/address-policy.ts, core/address-key.ts).
import { formatAddress, parseAddress } from '../../core/dns-sd/address-policy.ts'
import { readInterfaces } from '../../platform/network-interfaces.ts'

/** The one text of an address: without scope, and IPv4 as such if it was mapped into IPv6. */
export function plainAddress(text: string): string {
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress(address)
}

/** `192.0.2.1:9010` or `[fe80::1%eth0]:9010`; empty if a socket has no address any more. */
export function endpointText(address: string | undefined, port: number | undefined): string {
  if (address === undefined || port === undefined) return ''
  const plain = plainAddress(address)
  return plain.includes(':') ? `[${address}]:${port}` : `${plain}:${port}`
}

/** All addresses of this machine now, as plainAddress() spells them. */
export function ownAddresses(): Set<string> {
  return new Set(
    Object.values(readInterfaces()).flatMap((infos = []) => infos.map(({ address }) => plainAddress(address)))
  )
}
