// The port that other proxies link to: takes connections, as many as the limits allow. It does not know
// the traffic of a link.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { addressKey } from '../../core/address-key.ts'
import { NwsError } from '../../core/errors.ts'
import { ConnectionRate } from '../../core/link/budget/connection-rate.ts'
import type { Clock } from '../../core/clock.ts'

/** The parts of the listener. */
export interface MeshListenerOptions {
  /** Address to listen on; empty: all of this machine. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly clock: Clock
  /** A remote has connected; it counts as `address` (core/address-key.ts). Handlers must be attached at once. */
  readonly accept: (socket: Socket, address: string) => void
}

/** A listening port. */
export interface MeshListener {
  /** Binds. @returns the port @throws NwsError `NWS_ERR_LISTEN` with address and port */
  listen(): Promise<number>
  /** Takes no connection any more. Links are the mesh's to end. Idempotent. */
  close(): Promise<void>
}

/** The listener of one proxy. */
export function createMeshListener(options: MeshListenerOptions): MeshListener {
  const rate = new ConnectionRate(options.clock)
  const server = createServer({ noDelay: true }, socket => {
    const { key, loopback } = addressKey(socket.remoteAddress ?? '')
    if (rate.take(key, loopback)) options.accept(socket, key)
    else socket.destroy()
  })
  return {
    listen: () => listen(server, options),
    close: async () => {
      if (!server.listening) return
      await new Promise(resolve => server.close(resolve))
    }
  }
}

async function listen(server: Server, { host, port }: MeshListenerOptions): Promise<number> {
  const attempt = async (address: string) =>
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true }, () => {
        // Under node:cluster, too, a mesh port is one proxy's.
        server.off('error', reject)
        resolve()
      })
    })
  try {
    await (host === '' ? attempt('::').catch(async () => await attempt('0.0.0.0')) : attempt(host))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new NwsError(
      'NWS_ERR_LISTEN',
      `The mesh cannot use ${host === '' ? 'any address' : host} with port ${port} (${code}). NWS_MESH_PORT and NWS_MESH_HOST choose another.`
    )
  }
  server.on('error', () => {}) // accept errors, such as too many open files, pass
  server.unref()
  return (server.address() as AddressInfo).port
}
