// The address that this machine has on the network of its default route.
import { createSocket } from 'node:dgram'

/** An address of documentation (RFC 5737). Nothing is sent to it: the system only chooses a route. */
const ELSEWHERE = '192.0.2.1'

/** @returns undefined: this machine has no default route */
export async function defaultRouteAddress(): Promise<string | undefined> {
  const socket = createSocket('udp4')
  try {
    return await new Promise<string | undefined>(resolve => {
      socket.once('error', () => resolve(undefined))
      socket.connect(9, ELSEWHERE, () => resolve(socket.address().address))
    })
  } finally {
    socket.close()
  }
}
