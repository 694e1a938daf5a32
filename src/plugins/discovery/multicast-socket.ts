// A UDP socket for mDNS on all interfaces of one address family. It survives errors, changing interfaces, and a port that
// another program holds, and never throws.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { MulticastInterface } from './interfaces.ts'

const PORT = 5353
const GROUPS = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const

export interface MulticastSocketEvents {
  received(packet: Buffer, from: RemoteInfo): void
  /** The socket opened, failed, or joined other interfaces. */
  changed(): void
}

interface Membership {
  readonly name: string
  failed: boolean
}

/** The socket. It opens at once; the result shows in `isOpen` after `changed`. */
export class MulticastSocket {
  readonly #family: keyof typeof GROUPS
  readonly #reopenMs: number
  readonly #events: MulticastSocketEvents
  /** By the address that selects the interface. */
  readonly #joined = new Map<string, Membership>()
  #socket: Socket | undefined
  #isOpen = false
  #failure: string | undefined
  #closed = false
  #reopen: NodeJS.Timeout | undefined
  #sending = Promise.resolve()

  /** @param reopenMs until a failed socket is opened again */
  constructor(family: keyof typeof GROUPS, reopenMs: number, events: MulticastSocketEvents) {
    this.#family = family
    this.#reopenMs = reopenMs
    this.#events = events
    this.#open()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The code of the system if the port could not be opened; undefined while it is open. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Names of the joined interfaces, without those on which the last packet failed. */
  get working(): readonly string[] {
    return [...this.#joined.values()].filter(({ failed }) => !failed).map(({ name }) => name)
  }

  /** Whether the last packet failed on all joined interfaces. */
  get isRefused(): boolean {
    return this.#joined.size > 0 && this.working.length === 0
  }

  /** Joins the interfaces. Call it from time to time. @returns whether any is new */
  join(interfaces: readonly MulticastInterface[]): boolean {
    if (this.#socket === undefined || !this.#isOpen) return false
    let news = false
    const present = new Set(interfaces.map(({ address }) => address))
    // The system leaves lost interfaces by itself.
    for (const address of this.#joined.keys()) if (!present.has(address)) this.#joined.delete(address)
    for (const { name, address } of interfaces) {
      const known = this.#joined.has(address)
      try {
        this.#socket.addMembership(GROUPS[this.#family], address)
        news = true // Also for an interface that came back under its old address.
      } catch (error) {
        // EADDRINUSE: joined already.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
          this.#joined.delete(address)
          continue
        }
        news ||= !known
      }
      if (!known) this.#joined.set(address, { name, failed: false })
    }
    return news
  }

  /** Sends on all joined interfaces, one after the other. Never rejects. */
  async send(packet: Buffer): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      for (const [address, membership] of [...this.#joined]) await this.#sendOn(address, membership, packet)
    })
    await this.#sending
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#reopen)
    this.#drop()
  }

  #open(): void {
    const socket = createSocket({ type: this.#family, reuseAddr: true, ipv6Only: this.#family === 'udp6' })
    this.#socket = socket
    socket.on('message', (packet, from) => {
      if (from.port === PORT) this.#events.received(packet, from) // RFC 6762 §6: other ports are ignored.
    })
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code))
    socket.bind({ port: PORT, address: this.#family === 'udp4' ? '0.0.0.0' : '::', exclusive: false }, () => {
      try {
        socket.setMulticastTTL(255)
        socket.setMulticastLoopback(true)
      } catch {
        this.#fail()
        return
      }
      this.#isOpen = true
      this.#failure = undefined
      this.#events.changed()
    })
  }

  #fail(code = 'unknown error'): void {
    if (this.#socket === undefined) return
    if (!this.#isOpen) this.#failure = code
    this.#drop()
    this.#joined.clear()
    this.#reopen = setTimeout(() => this.#open(), this.#reopenMs).unref()
    this.#events.changed()
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#isOpen = false
    try {
      socket?.removeAllListeners().on('error', () => {})
      socket?.close()
    } catch {
      // It never opened.
    }
  }

  async #sendOn(address: string, membership: Membership, packet: Buffer): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || !this.#isOpen || this.#joined.get(address) !== membership) return
    await new Promise<void>(resolve => {
      const done = (failed: boolean) => {
        if (membership.failed !== failed) {
          membership.failed = failed
          this.#events.changed()
        }
        resolve()
      }
      try {
        // The interface is a property of the socket: the next packet must wait until this one has left.
        socket.setMulticastInterface(address)
        socket.send(packet, PORT, GROUPS[this.#family], error => done(error !== null))
      } catch {
        done(true)
      }
    })
  }
}
