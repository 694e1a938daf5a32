// Which TCP connections are not answered by the other end. An event stream hears nothing from its client, and Node.js does
// not tell how far the client's system has acknowledged. Linux lists it.
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { parseAddress } from '../core/dns-sd/address-policy.ts'

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']
/** IPv4 addresses within IPv6, as the table writes them. */
const MAPPED = /^0{16}FFFF0000/

/** An address as the table writes it: words of four bytes, each with its last byte first. */
function tableAddress(address: Uint8Array): string {
  const words = Array.from({ length: address.length / 4 }, (_, word) =>
    address.slice(word * 4, word * 4 + 4).toReversed()
  )
  return Buffer.concat(words).toString('hex').toUpperCase()
}

/** Names a connection by its ports and the other end's address. Undefined if it is closed. */
export function connectionKey({ localPort, remoteAddress, remotePort }: Socket): string | undefined {
  const address = remoteAddress === undefined ? undefined : parseAddress(remoteAddress)
  return address === undefined ? undefined : `${localPort} ${tableAddress(address)} ${remotePort}`
}

/**
 * Connections whose last bytes the system has sent again, because no acknowledgement came.
 *
 * @returns keys; empty on systems other than Linux
 */
export async function unansweredConnections(read = (path: string) => readFile(path, 'latin1')): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const path of TABLES) {
    const table = await read(path).catch(() => '')
    for (const line of table.split('\n').slice(1)) {
      const [, local = '', remote = '', , , , resent = ''] = line.trim().split(/\s+/)
      if (resent === '' || Number.parseInt(resent, 16) === 0) continue
      const [address = '', port = ''] = remote.split(':')
      const localPort = Number.parseInt(local.split(':')[1] ?? '', 16)
      keys.add(`${localPort} ${address.replace(MAPPED, '')} ${Number.parseInt(port, 16)}`)
    }
  }
  return keys
}
