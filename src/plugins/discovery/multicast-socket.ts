// A UDP socket for mDNS on all interfaces of one address family that outlives errors, changing interfaces and a port
// that another program holds. Never throws. Knows nothing of DNS.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { MulticastInterface } from './interfaces.ts'

const port = 5353
const groups = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const

/** What a socket needs. */
export interface MulticastSocketOptions {
  readonly family: 'udp4' | 'udp6'
  /** Time before a socket that failed is opened again, in ms. */
  readonly reopenMs: number
  /** A packet from port 5353 arrived. */
  readonly received: (packet: Buffer, from: RemoteInfo) => void
  /** The socket opened, failed, or joined other interfaces. */
  readonly changed: () => void
}

/** The socket. */
export interface MulticastSocket {
  /** Whether it is bound. */
  readonly open: boolean
  /** Names of the interfaces joined on which the last packet could be sent, or none was tried yet. */
  readonly working: readonly string[]
  /** Joins the interfaces; to be called again from time to time. Says whether any is new. */
  join: (interfaces: readonly MulticastInterface[]) => boolean
  /** Sends on every interface joined, one after the other. */
  send: (packet: Buffer) => Promise<void>
  close: () => void
}

interface Membership {
  readonly name: string
  failed: boolean
}

/** Opens the socket; whether that worked shows in `open`, after `changed`. */
export function openMulticastSocket({ family, reopenMs, received, changed }: MulticastSocketOptions): MulticastSocket {
  let socket: Socket | undefined
  let open = false
  let closed = false
  let reopen: NodeJS.Timeout | undefined
  let sending = Promise.resolve()
  const joined = new Map<string, Membership>()

  function start(): void {
    const opening = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' })
    socket = opening
    opening.on('message', (packet, from) => {
      if (from.port === port) received(packet, from) // RFC 6762 §6: responses from other ports are to be ignored
    })
    opening.on('error', fail)
    opening.bind({ port, address: family === 'udp4' ? '0.0.0.0' : '::', exclusive: false }, () => {
      try {
        opening.setMulticastTTL(255)
        opening.setMulticastLoopback(true)
        open = true
      } catch {
        fail()
        return
      }
      changed()
    })
  }

  function fail(): void {
    const failed = socket
    if (failed === undefined || closed) return
    socket = undefined
    open = false
    joined.clear()
    failed.removeAllListeners().on('error', () => {})
    try {
      failed.close()
    } catch {
      /* it never opened */
    }
    reopen = setTimeout(start, reopenMs).unref()
    changed()
  }

  function join(interfaces: readonly MulticastInterface[]): boolean {
    if (socket === undefined || !open) return false
    let news = false
    const present = new Set(interfaces.map(({ address }) => address))
    for (const address of joined.keys()) if (!present.has(address)) joined.delete(address) // the system leaves by itself
    for (const { name, address } of interfaces) {
      const known = joined.has(address)
      try {
        socket.addMembership(groups[family], address)
        news = true // also for an interface that went and came again under its old address
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'EADDRINUSE') {
          // in use: joined already
          joined.delete(address)
          continue
        }
        news ||= !known
      }
      if (!known) joined.set(address, { name, failed: false })
    }
    return news
  }

  async function sendOn(address: string, membership: Membership, packet: Buffer): Promise<void> {
    const current = socket
    if (current === undefined || !open || joined.get(address) !== membership) return
    await new Promise<void>(resolve => {
      const done = (failed: boolean) => {
        if (membership.failed !== failed) {
          membership.failed = failed
          changed()
        }
        resolve()
      }
      try {
        // The interface is a property of the socket, so that no packet may start before the last one has left.
        current.setMulticastInterface(address)
        current.send(packet, port, groups[family], error => {
          done(error !== null)
        })
      } catch {
        done(true)
      }
    })
  }

  start()
  return {
    get open() {
      return open
    },
    get working() {
      return [...joined.values()].filter(({ failed }) => !failed).map(({ name }) => name)
    },
    join,
    async send(packet) {
      sending = sending.then(async () => {
        for (const [address, membership] of [...joined]) await sendOn(address, membership, packet)
      })
      await sending
    },
    close() {
      if (closed) return
      closed = true
      clearTimeout(reopen)
      const last = socket
      socket = undefined
      open = false
      if (last === undefined) return
      last.removeAllListeners().on('error', () => {})
      try {
        last.close()
      } catch {
        /* it never opened */
      }
    }
  }
}
